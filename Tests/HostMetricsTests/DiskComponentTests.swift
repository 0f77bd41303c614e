import Base
import Daemon
import Glibc
import Logging
import Settings
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import HostMetrics

/// Answers from a script; the last answer repeats.
final class ScriptedSender: HTTPSender {
    private struct State {
        var answers: [Result<IncomingResponse, ApusError>]
        var requests: [OutgoingRequest] = []
    }
    private let state: Mutex<State>

    init(_ answers: Result<IncomingResponse, ApusError>...) {
        state = Mutex(State(answers: answers))
    }

    var requests: [OutgoingRequest] { state.withLock { $0.requests } }

    func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
        try state.withLock { state in
            state.requests.append(request)
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        }.get()
    }
}

@Suite(.timeLimit(.minutes(1))) struct DiskComponentTests {
    /// Two real places with made-up names, so that there are figures.
    private static let table = MountTable([
        Mount(
            id: 1, parentID: 0, device: DeviceNumber(major: 8, minor: 1), mountPoint: "/", type: "ext4",
            source: "/dev/a"),
        Mount(
            id: 2, parentID: 1, device: DeviceNumber(major: 8, minor: 2), mountPoint: "/tmp", type: "ext4",
            source: "/dev/b"),
    ])

    private static func settings(_ yaml: String) throws -> DiskSettings {
        let read = SettingsReader.read(
            DiskSettings.self, Array(yaml.utf8), file: "test.yaml",
            references: FixedReferences(environment: ["TOKEN": "Bearer hush"], files: [:]))
        #expect(read.complaints.map(\.description) == [])
        return try #require(read.group)
    }

    private static func component(
        _ yaml: String, _ http: ScriptedSender, _ time: ManualTime, _ registry: MetricsRegistry = MetricsRegistry(),
        mounts: @escaping @Sendable () throws -> MountTable = { DiskComponentTests.table }
    ) throws -> DiskComponent {
        DiskComponent(
            try settings(yaml),
            events: EventSink(logger: Logger(label: "disk") { _ in SwiftLogNoOpLogHandler() }, metrics: registry),
            time: time, http: http, host: "web-1", readMounts: mounts)
    }

    private static func page(_ registry: MetricsRegistry) -> String {
        String(
            decoding: registry.expose(accept: nil, acceptEncoding: nil, now: MonotonicInstant(nanoseconds: 0)).bytes,
            as: UTF8.self)
    }

    private static let reporting = """
        report: { url: "http://127.0.0.1:1/disk", headers: { Authorization: "${env:TOKEN}" } }
        rules: [ { name: Any, metric: usedPercent, above: 0, severity: critical, mounts: / } ]
        """

    @Test func samplesReportsAndRaisesAlerts() async throws {
        let (time, registry) = (ManualTime(), MetricsRegistry())
        let http = ScriptedSender(.success(IncomingResponse(status: 200)))
        let component = try DiskComponentTests.component(DiskComponentTests.reporting, http, time, registry)
        #expect(component.status.state == .starting)
        let running = Task { try await component.run() }
        while http.requests.isEmpty { await Task.yield() }

        let request = http.requests[0]
        let body = String(decoding: request.body, as: UTF8.self)
        #expect(request.headers.contains { $0 == ("Authorization", "Bearer hush") })
        #expect(
            body.hasPrefix(
                #"{"host":"web-1","time":"2023-11-14T22:13:20.000Z","version":"0.1.0","mounts":[{"mount":"/","#))
        #expect(
            body.contains(#""alerts":[{"rule":"Any","severity":"critical","status":"firing","metric":"usedPercent","#))
        #expect(
            DiskComponentTests.page(registry).contains(
                #"apus_disk_device_error{mount="/tmp",device="/dev/b",fstype="ext4"} 0"#))
        let status = component.status
        #expect(status.bars.map(\.label) == ["/", "/tmp"])
        #expect(status.bars.first?.level == .critical)
        #expect(status.isReady)

        await time.waitForSleepers()
        time.advance(by: .seconds(15))
        while http.requests.count < 2 { await Task.yield() }
        #expect(String(decoding: http.requests[1].body, as: UTF8.self).hasSuffix(#""alerts":[]}"#))

        component.drain()
        try await running.value
        #expect(!DiskComponentTests.page(registry).contains("apus_disk_size_bytes{"))
    }

    @Test func aDeadReceiverNeitherDelaysSamplesNorTheStop() async throws {
        let (time, registry) = (ManualTime(), MetricsRegistry())
        let http = ScriptedSender(.failure(ApusError(code: "connect-failed", "refused", canRetry: true)))
        let component = try DiskComponentTests.component(DiskComponentTests.reporting, http, time, registry)
        let running = Task { try await component.run() }
        while http.requests.isEmpty { await Task.yield() }
        await time.waitForSleepers(2)
        component.drain()
        try await running.value
        #expect(http.requests.count == 2)
        #expect(DiskComponentTests.page(registry).contains(#"apus_disk_reports_dropped_total{reason="drained"} 1"#))
    }

    @Test func aReloadHandsOverAlertsReportsAndSeries() async throws {
        let (time, registry) = (ManualTime(), MetricsRegistry())
        let dead = ScriptedSender(.failure(ApusError(code: "connect-failed", "refused", canRetry: true)))
        let old = try DiskComponentTests.component(DiskComponentTests.reporting, dead, time, registry)
        let oldRun = Task { try await old.run() }
        while dead.requests.isEmpty { await Task.yield() }
        await time.waitForSleepers(2)

        let http = ScriptedSender(.success(IncomingResponse(status: 200)))
        let new = try DiskComponentTests.component(DiskComponentTests.reporting, http, time, registry)
        let kept = try #require(await old.handOver())
        await new.adopt(kept)
        let newRun = Task { try await new.run() }
        old.drain()
        try await oldRun.value
        while http.requests.count < 2 { await Task.yield() }

        // The old report comes first; the alert that fires goes on and is not raised again.
        #expect(http.requests[0].body == dead.requests[0].body)
        #expect(String(decoding: http.requests[1].body, as: UTF8.self).hasSuffix(#""alerts":[]}"#))
        #expect(DiskComponentTests.page(registry).contains(#"apus_disk_size_bytes{mount="/","#))
        new.drain()
        try await newRun.value
    }

    /// However often the component is replaced, the one question that hangs is neither forgotten nor asked again.
    @Test func reloadsPassOnWhatHangs() async throws {
        // Servers of other suites live as long as the process.
        let others = ChildProcesses.count()
        let hung = try HungMount()
        defer { hung.stop() }
        let mount = try hung.mount(in: MountTable.read().table)
        let (time, registry) = (ManualTime(), MetricsRegistry())
        let http = ScriptedSender(.success(IncomingResponse(status: 200)))
        let make = { try DiskComponentTests.component("{}", http, time, registry) { MountTable([mount]) } }
        var component = try make()
        var running = Task { [component] in try await component.run() }
        // The time-out of the sample is the only sleeper until the sample ends.
        await time.waitForSleepers()
        try hung.waitUntilAsked()
        time.advance(by: .seconds(5))
        while component.status.bars.isEmpty { await Task.yield() }
        #expect(component.status.bars.map(\.text) == ["timed out"])

        for round in 1...20 {
            let successor = try make()
            let kept = try #require(await component.handOver())
            await successor.adopt(kept)
            component.drain()
            try await running.value
            (component, running) = (successor, Task { try await successor.run() })
            let samples = #"apus_disk_sample_errors_total{reason="timed-out"} \#(round + 1)\#n"#
            while !DiskComponentTests.page(registry).contains(samples) { await Task.yield() }
            #expect(component.status.bars.map(\.text) == ["timed out, stuck since 2023-11-14T22:13:20.000Z"])
            #expect(ChildProcesses.count() == others + 1)
            #expect(component.sampler.withLock { $0.outstanding } == 1)
        }
        try hung.answer()
        let sampler = component.sampler.withLock { $0 }
        while sampler.outstanding > 0 { await Task.yield() }
        #expect(ChildProcesses.zombies() == [])
        component.drain()
        try await running.value
    }

    @Test func seriesOfMountsThatVanishGo() async throws {
        let (time, registry) = (ManualTime(), MetricsRegistry())
        final class Flag: Sendable { let value = Atomic(false) }
        let flag = Flag()
        let http = ScriptedSender(.success(IncomingResponse(status: 200)))
        let component = try DiskComponentTests.component("{}", http, time, registry) {
            flag.value.load(ordering: .relaxed)
                ? MountTable([DiskComponentTests.table.mounts[0]]) : DiskComponentTests.table
        }
        let running = Task { try await component.run() }
        while component.status.bars.count < 2 { await Task.yield() }
        #expect(DiskComponentTests.page(registry).contains(#"{mount="/tmp","#))
        flag.value.store(true, ordering: .relaxed)
        await time.waitForSleepers()
        time.advance(by: .seconds(15))
        while component.status.bars.count > 1 { await Task.yield() }
        #expect(!DiskComponentTests.page(registry).contains(#"{mount="/tmp","#))
        component.drain()
        try await running.value
    }

    @Test(arguments: [
        ("{ interval: 1s, timeout: 2s }", "must not be longer than interval"),
        ("rules: [{ name: a, metric: usedPercent }]", "needs one of above and below"),
        ("rules: [{ name: a, metric: usedPercent, above: 5, below: 3 }]", "needs one of above and below"),
        ("rules: [{ name: a, metric: usedPercent, above: 5G }]", "a percentage is at most 100"),
        ("rules: [{ name: a, metric: error, above: 1 }]", "takes no limit"),
        ("rules: [{ name: a, metric: error }, { name: a, metric: error }]", "an earlier rule has this name"),
        ("rules: [{ name: a, metric: usedPercent, above: much }]", "a limit"),
        ("report: { timeout: 1s }", "url"), ("report: { url: nowhere }", "url"),
        ("report: { url: \"http://a/\", headers: { Host: x } }", "Host is written by apus itself"),
        ("report: { url: \"http://a/\", headers: { \"A\\nB\": x } }", "a header's name is"),
        ("report: { url: \"http://a/\", headers: { A: \"x\\r\\nB: y\" } }", "no control characters"),
    ])
    func refusesWhatMakesNoSense(yaml: String, complaint: String) {
        let read = SettingsReader.read(
            DiskSettings.self, Array(yaml.utf8), file: "test.yaml",
            references: FixedReferences(environment: [:], files: [:]))
        #expect(read.group == nil)
        #expect(read.complaints.contains { $0.description.contains(complaint) }, "\(read.complaints)")
    }

    @Test func filtersChoose() throws {
        let settings = try DiskComponentTests.settings(
            "{ mounts: { exclude: [/t*] }, fileSystemTypes: { include: [ext*, xfs] } }")
        #expect(DiskComponentTests.table.mounts.map(settings.includes) == [true, false])
    }

    @Test func aShortIntervalShortensTheTimeout() {
        var settings = DiskSettings()
        #expect(settings.sampleTimeout == .seconds(5))
        settings.interval = .seconds(1)
        #expect(settings.sampleTimeout == .seconds(1))
    }
}
