import Base
import Logging
import TestKit
import Testing

@testable import Telemetry

@Suite struct LogBackendTests {
    let output = CapturedOutput()
    let metrics = MetricsRegistry()

    private func backend(
        _ configuration: LogConfiguration = LogConfiguration(), output: CapturedOutput? = nil,
        environment: [String: String] = [:]
    ) -> LogBackend {
        LogBackend(
            configuration: configuration, output: output ?? self.output, time: ManualTime(), metrics: metrics,
            environment: environment)
    }

    private func shown(_ name: String) -> [String] {
        String(decoding: metrics.render(.text, now: MonotonicInstant(nanoseconds: 0)), as: UTF8.self)
            .split(separator: "\n").map(String.init).filter { $0.hasPrefix(name) && !$0.hasSuffix(" 0") }
    }

    @Test func anEventIsOneJSONLine() {
        var logger = backend().logger(label: "apus.disk")
        logger[metadataKey: "host"] = "a"
        logger.notice("sample failed", metadata: ["mount": "/srv", "host": "b", "n": ["x": ["1", "2"], "y": [:]]])
        #expect(
            output.lines == [
                #"{"timestamp":"2023-11-14T22:13:20.000Z","level":"notice","logger":"apus.disk","#
                    + #""message":"sample failed","host":"b","mount":"/srv","n":{"x":["1","2"],"y":{}}}"# + "\n"
            ])
    }

    @Test func aTerminalGetsLogfmt() {
        let terminal = CapturedOutput(isTerminal: true)
        let logger = backend(output: terminal, environment: ["NO_COLOR": "1"]).logger(label: "apus.disk")
        logger.error(
            "sample failed",
            metadata: ["mount": "/s rv", "q": "a=\"b\"", "e": "", "d": ["k 1": ["x", "y"], "z": [:]], "l": []])
        #expect(
            terminal.lines == [
                "timestamp=2023-11-14T22:13:20.000Z level=error logger=apus.disk message=\"sample failed\" "
                    + "d.k_1.0=x d.k_1.1=y d.z={} e=\"\" l=[] mount=\"/s rv\" q=\"a=\\\"b\\\"\"\n"
            ])
    }

    @Test(
        arguments: [
            ([:], true, true), ([:], false, false), (["NO_COLOR": "1"], true, false), (["NO_COLOR": ""], true, true),
            (["NO_COLOR": "1", "CLICOLOR_FORCE": "1"], true, false), (["CLICOLOR_FORCE": "1"], false, true),
            (["CLICOLOR_FORCE": "1", "TERM": "dumb"], false, true), (["CLICOLOR_FORCE": "0"], false, false),
            (["CLICOLOR": "0"], true, false), (["CLICOLOR": "1"], false, false), (["TERM": "dumb"], true, false),
        ] as [([String: String], Bool, Bool)])
    func colourFollowsTheConventions(environment: [String: String], isTerminal: Bool, expected: Bool) {
        let output = CapturedOutput(isTerminal: isTerminal)
        let logger = backend(LogConfiguration(format: .logfmt), output: output, environment: environment)
            .logger(label: "x")
        logger.error("m")
        #expect(output.lines.first?.contains("level=\u{1b}[31merror\u{1b}[0m ") == expected)
    }

    @Test func ourKeysCannotBeOverwritten() {
        let logger = backend().logger(label: "x")
        logger.info("true", metadata: ["message": "forged", "level": "e", "metadata.level": "f", "timestamp": "0"])
        #expect(
            output.lines.first?.hasSuffix(
                #""message":"true","metadata.level":"e","metadata.message":"forged","#
                    + #""metadata.metadata.level":"f","metadata.timestamp":"0"}"# + "\n") == true)
    }

    @Test func theProvidersTraceStays() {
        let provider = Logger.MetadataProvider { ["trace_id": "4bf9", "span_id": "00f0", "tenant": "a"] }
        let logger = backend().logger(label: "x", metadataProvider: provider)
        logger.info("m", metadata: ["trace_id": "forged", "tenant": "b"])
        #expect(output.lines.first?.hasSuffix(#""span_id":"00f0","tenant":"b","trace_id":"4bf9"}"# + "\n") == true)
    }

    @Test func levelsChangeUnderLoggersThatExist() {
        let backend = backend()
        let disk = backend.logger(label: "apus.disk")
        let mount = backend.logger(label: "apus.disk.mount")
        let diskette = backend.logger(label: "apus.diskette")
        var own = backend.logger(label: "apus.disk")
        own.logLevel = .critical
        #expect([disk, mount, diskette].map(\.logLevel) == [.info, .info, .info])
        backend.configure(level: .error, overrides: ["apus": .warning, "apus.disk": .trace], format: .json)
        #expect([disk, mount, diskette].map(\.logLevel) == [.trace, .trace, .warning])
        #expect(own.logLevel == .critical)
        #expect(backend.logger(label: "nio").logLevel == .error)
        disk.trace("on")
        diskette.info("off")
        #expect(output.lines.count == 1)
        backend.configure(LogConfiguration(level: .info, format: .logfmt))
        disk.trace("off")
        disk.info("now logfmt")
        #expect(output.lines.last?.hasPrefix("timestamp=") == true)
    }

    @Test func aDisabledLevelEvaluatesNothing() {
        let logger = backend().logger(label: "x")
        var evaluated = 0
        func message() -> Logger.Message {
            evaluated += 1
            return "m"
        }
        logger.debug(message())
        #expect(evaluated == 0)
        #expect(shown("apus_log_events_total").isEmpty)
    }

    @Test func labelsBeyondTheBoundShareTheGeneralLevel() {
        let backend = backend()
        for number in 0..<LogBackend.labelLimit { _ = backend.logger(label: "l\(number)") }
        let late = backend.logger(label: "late")
        backend.configure(level: .error, overrides: ["late": .trace], format: .json)
        #expect(late.logLevel == .error)
    }

    @Test func eventsAndLossesAreCounted() {
        let logger = backend().logger(label: "x")
        logger.info("a")
        logger.error("b")
        output.breakDown()
        logger.error("c")
        #expect(
            shown("apus_log_events_total{") == [
                "apus_log_events_total{level=\"error\"} 2", "apus_log_events_total{level=\"info\"} 1",
            ])
        #expect(shown("apus_log_lines_dropped_total") == ["apus_log_lines_dropped_total 1"])
    }

    @Test func theHistoryIsBounded() {
        let backend = backend()
        let logger = backend.logger(label: "x")
        for number in 0..<450 { logger.info("m\n\(number)", metadata: ["k": "v w"]) }
        let events = backend.recentEvents()
        #expect(events.map(\.message) == (250..<450).map { "m\\n\($0)" })
        #expect(events.first?.fields == "k=\"v w\"")
        let big = Logger.MetadataValue.string(String(repeating: "x", count: 5000))
        for _ in 0..<450 { logger.info("big", metadata: ["a": big, "b": big, "c": big, "d": big]) }
        let total = backend.recentEvents().reduce(0) { $0 + $1.weight }
        #expect(total <= LogHistory.byteLimit && total > LogHistory.byteLimit - 8192)
    }

    @Test func anErrorIsAField() {
        let logger = backend().logger(label: "x")
        logger.warning("m", error: ApusError(code: "c", "it \"broke\""))
        #expect(output.lines.first?.hasSuffix(#""error":"it \"broke\""}"# + "\n") == true)
    }
}

@Suite struct EventTests {
    struct SampleFailed: Event {
        static let message = "sample failed"
        static let counter: EventCounter? = EventCounter("failures_total", help: "Failures.", labels: ["mount"])
        let mount: String
        var level: Logger.Level { .debug }
        var labels: [String] { [mount] }
        var fields: Logger.Metadata { ["mount": "\(mount)"] }
        var error: (any Error)? { ApusError(code: "io", "input/output error") }
    }

    struct Plain: Event {
        static let message = "plain"
    }

    @Test func oneEmitMakesBoth() {
        let output = CapturedOutput()
        let metrics = MetricsRegistry()
        let backend = LogBackend(output: output, time: ManualTime(), metrics: metrics, environment: [:])
        let sink = EventSink(logger: backend.logger(label: "apus.disk"), metrics: metrics)
        SampleFailed(mount: "/srv").emit(to: sink)
        Plain().emit(to: sink)
        backend.configure(LogConfiguration(level: .debug))
        SampleFailed(mount: "/srv").emit(to: sink)
        #expect(output.lines.map { $0.contains("sample failed") } == [false, true])
        #expect(output.lines.last?.hasSuffix(#""error":"input/output error","mount":"/srv"}"# + "\n") == true)
        let failures = metrics.counter("failures_total", help: "Failures.", labels: ["mount"])
        #expect(failures.with("/srv").value == 2)
    }
}
