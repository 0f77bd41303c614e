import Base
import Glibc
import TestKit
import Testing

/// Reports of the real binary to a receiver that fails in every way that receivers fail.
@Suite(.timeLimit(.minutes(5))) struct DiskReportTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Samples each second; the retries are quick, so that no test waits for a backoff.
    private func configuration(_ receiver: ReportReceiver, report: String = "", disk: String = "") -> String {
        """
        admin: { listen: "127.0.0.1:0", reload: true }
        disk:
          interval: 1s
          timeout: 500ms
          mounts: { include: [/, \(folder.path)/*] }
          report:
            url: \(receiver.address)/disk
            timeout: 5s
            retry: { attempts: 100, initialBackoff: 50ms, maxBackoff: 200ms }
        \(report.isEmpty ? "    circuitBreaker: { minimumNumberOfCalls: 1000, slidingWindowSize: 1000 }" : report)
        \(disk)

        """
    }

    private func metric(_ series: String, _ apus: RunningApus) async throws -> Double {
        try await Client.metric(series, at: try #require(apus.address)) ?? 0
    }

    @Test func everySampleIsPostedInItsShape() async throws {
        let receiver = try await ReportReceiver("200", folder: folder)
        let apus = try await ApusProgram.run(configuration(receiver), folder: folder)
        try await receiver.wait("three reports") { $0.count >= 3 }
        try await Peers.run("report/check.py", [folder.path], folder: folder)
        try await eventually("the reports are counted") { try await metric("apus_disk_reports_sent_total", apus) >= 3 }
    }

    @Test func aReportThatFailsIsPostedAgainUntilItArrives() async throws {
        let receiver = try await ReportReceiver("500\n503\n429\nreset\n200", folder: folder)
        let apus = try await ApusProgram.run(configuration(receiver), folder: folder)
        try await receiver.wait("it arrives") { $0.count >= 6 }
        let requests = receiver.requests
        #expect(requests.prefix(5).map(\.step) == ["500", "503", "429", "reset", "200"])
        #expect(Set(requests.prefix(5).map(\.body)).count == 1, "one and the same report")
        #expect(requests[5].body != requests[4].body)
        #expect(try await metric("apus_disk_report_retries_total", apus) == 4)
        #expect(apus.errors.contains("the receiver answered 500"))
    }

    @Test func retryAfterIsObeyed() async throws {
        let receiver = try await ReportReceiver("503 retry-after 2\n200", folder: folder)
        let apus = try await ApusProgram.run(configuration(receiver), folder: folder)
        try await receiver.wait("the second attempt") { $0.count >= 2 }
        let requests = receiver.requests
        #expect(requests[1].body == requests[0].body)
        #expect(requests[1].at - requests[0].at >= 1.99)
        withExtendedLifetime(apus) {}
    }

    @Test func whatIsRefusedIsNotRepeated() async throws {
        let receiver = try await ReportReceiver("400\n200", folder: folder)
        let apus = try await ApusProgram.run(configuration(receiver), folder: folder)
        try await receiver.wait("the next report") { $0.count >= 2 }
        #expect(receiver.requests[0].body != receiver.requests[1].body)
        #expect(try await metric(#"apus_disk_reports_dropped_total{reason="refused"}"#, apus) == 1)
    }

    @Test func aReceiverThatHangsIsGivenUp() async throws {
        let receiver = try await ReportReceiver("hang\n200", folder: folder)
        let text = configuration(receiver).replacing("timeout: 5s", with: "timeout: 300ms")
        let apus = try await ApusProgram.run(text, folder: folder)
        try await receiver.wait("the second attempt") { $0.count >= 2 }
        #expect(receiver.requests[0].body == receiver.requests[1].body)
        #expect(apus.errors.contains("no complete answer within 0.3 s"))
    }

    @Test func aDeadReceiverOpensTheBreakerAndTheOldestReportsGo() async throws {
        let receiver = try await ReportReceiver("500", folder: folder)
        let limits = """
                circuitBreaker: { minimumNumberOfCalls: 3, slidingWindowSize: 3, waitDurationInOpenState: 6s }
                queue: { items: 2 }
            """
        let apus = try await ApusProgram.run(configuration(receiver, report: limits), folder: folder)
        let address = try #require(apus.address)
        try await eventually("the breaker opens") {
            apus.errors.contains(#""to":"OPEN""#) || apus.errors.contains(#""to":"open""#)
        }
        #expect(receiver.requests.count == 3)
        #expect(try await Client.get("\(address)/readyz").text.contains("degraded"))
        try await eventually("reports are dropped") {
            try await metric(#"apus_disk_reports_dropped_total{reason="queue-full"}"#, apus) >= 2
        }
        try receiver.behave("200")
        try await receiver.wait("reports arrive again") { $0.count { $0.step == "200" } >= 3 }
        let times = receiver.delivered().compactMap(\.report?.time)
        let all = receiver.requests.compactMap(\.report?.time)
        #expect(times.first == all.first, "what was tried first is still delivered first")
        #expect(times == times.sorted())
        try await eventually("the breaker closes") {
            try await !Client.get("\(address)/readyz").text.contains("degraded")
        }
    }

    @Test func anAlertStartsAndStops() async throws {
        let disk = try TemporaryFileSystem("\(folder.path)/disk")
        let receiver = try await ReportReceiver("200", folder: folder)
        let rules = """
              rules:
                - { name: nearly-full, metric: usedPercent, above: 50, mounts: ["\(disk.path)"], severity: critical }
            """
        let apus = try await ApusProgram.run(configuration(receiver, disk: rules), folder: folder)
        try await receiver.wait("a report") { !$0.isEmpty }
        #expect(receiver.requests.allSatisfy { $0.report?.alerts.isEmpty == true })
        try Files.writeAtomically([UInt8](repeating: 1, count: 700 << 10), to: "\(disk.path)/fill")
        for status in ["firing", "resolved"] {
            try await receiver.wait("the alert is \(status)") { requests in
                requests.contains {
                    $0.report?.alerts.contains { $0.status == status && $0.mount == disk.path } == true
                }
            }
            let line = apus.errors.split(separator: "\n").first { $0.contains("disk alert") && $0.contains(status) }
            #expect(line?.contains("nearly-full") == true && line?.contains(disk.path) == true)
            unlink("\(disk.path)/fill")
        }
        #expect(try await metric(#"apus_disk_alert_changes_total{rule="nearly-full",status="firing"}"#, apus) == 1)
        #expect(try await metric(#"apus_disk_alert_changes_total{rule="nearly-full",status="resolved"}"#, apus) == 1)
    }

    @Test func secretsAreSentAndNeverShown() async throws {
        let secret = "s3cr3t-of-the-test"
        let receiver = try await ReportReceiver("500\nreset\n400\n200", folder: folder)
        let headers = """
                circuitBreaker: { minimumNumberOfCalls: 1000, slidingWindowSize: 1000 }
                headers: { Authorization: "${env:APUS_TEST_TOKEN}" }
            """
        let text =
            configuration(receiver, report: headers)
            .replacing("/disk", with: "/disk?token=${env:APUS_TEST_TOKEN}") + "log: { level: trace }\n"
        let environment = ["APUS_TEST_TOKEN": secret]
        let apus = try await ApusProgram.run(text, folder: folder, environment: environment)
        let address = try #require(apus.address)
        try await receiver.wait("it arrives") { $0.count { $0.step == "200" } >= 1 }
        #expect(receiver.requests.allSatisfy { $0.headers["Authorization"] == secret })
        let check = try await ChildProcess.run(
            ApusProgram.path, ["check", "--print", apus.file], environment: environment, folder: folder.path)
        #expect(check.code == 0 && check.output.contains("Authorization"), "\(check.errors)")
        var places = ["the log": apus.errors, "check --print": check.output + check.errors]
        for path in ["configuration", "", "metrics", "readyz", "debug/pprof/cmdline"] {
            places["/\(path)"] = try await Client.get("\(address)/\(path)").text
        }
        places["cmdline"] = String(decoding: try Files.read("/proc/\(apus.child.pid)/cmdline"), as: UTF8.self)
        for (place, text) in places {
            #expect(!text.isEmpty, "\(place)")
            #expect(!text.contains(secret), "\(place)")
        }
        #expect(places["/configuration"]?.contains("Authorization") == true)
    }

    @Test func aKillDuringAReportLeavesNothingBehind() async throws {
        let receiver = try await ReportReceiver("hang", folder: folder)
        let apus = try await ApusProgram.run(configuration(receiver), folder: folder)
        try await receiver.wait("a report is under way") { !$0.isEmpty }
        apus.child.signal(SIGKILL)
        #expect(await apus.child.wait() == 128 + SIGKILL)
        try receiver.behave("200")
        let next = try await ApusProgram.run(configuration(receiver), folder: folder)
        try await receiver.wait("the next process reports") { $0.contains { $0.step == "200" } }
        #expect(!next.errors.contains(#""level":"error""#), "\(next.errors)")
        next.child.signal(SIGTERM)
        #expect(await next.child.wait() == 0)
    }

    /// The receiver asks for three seconds of patience, so at the reload nothing is on its way.
    @Test func aReloadDuringRetriesKeepsTheQueue() async throws {
        let receiver = try await ReportReceiver("503 retry-after 3\n200", folder: folder)
        let apus = try await ApusProgram.run(configuration(receiver), folder: folder)
        try await eventually("the first attempt has failed") {
            apus.errors.contains("disk report failed, trying again")
        }
        let oldest = try #require(receiver.requests.first?.body)
        let rules = "  rules: [ { name: full, metric: usedPercent, above: 100 } ]"
        try apus.write(configuration(receiver, disk: rules))
        #expect(try await apus.reload())
        try await receiver.wait("reports arrive") { $0.count { $0.step == "200" } >= 2 }
        #expect(receiver.delivered().first?.body == oldest)
        #expect(!apus.errors.contains("disk reports dropped"))
    }
}
