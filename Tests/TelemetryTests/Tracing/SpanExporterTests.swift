import Base
import Settings
import Telemetry
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct SpanExporterTests {
    private let time = ManualTime()
    private let observer = CollectingObserver()

    private func exporter(_ receiver: ScriptedReceiver, limits: BatchLimits = BatchLimits()) -> SpanExporter {
        var destination = OTLPDestination(url: HTTPURL("http://127.0.0.1:4318/v1/traces")!)
        destination.compression = .none
        let client = OTLPClient(
            destination: destination, resource: .standard, sender: receiver, time: time, compress: { $0 })
        return SpanExporter(client: client, limits: limits, time: time, observer: observer)
    }

    private func submit(_ numbers: Range<UInt64>, to exporter: SpanExporter) {
        for number in numbers { exporter.submit(.sample(number)) }
    }

    @Test func sendsAFullBatchWithoutWaiting() async {
        let receiver = ScriptedReceiver()
        let exporter = exporter(receiver)
        let run = Task { await exporter.run() }
        submit(0..<512, to: exporter)
        await receiver.waitForRequests(1)
        run.cancel()
        await run.value
        #expect(receiver.requests.count == 1)
        #expect(observer.tally.exported == 512)
    }

    @Test func sendsAPartOfABatchAfterTheDelay() async {
        let receiver = ScriptedReceiver()
        let exporter = exporter(receiver)
        let run = Task { await exporter.run() }
        submit(0..<3, to: exporter)
        await time.waitForSleepers()
        time.advance(by: .seconds(4))
        #expect(receiver.requests.isEmpty)
        time.advance(by: .seconds(1))
        await receiver.waitForRequests(1)
        run.cancel()
        await run.value
        #expect(observer.tally.exported == 3)
    }

    @Test func flushesWhenCancelled() async {
        let receiver = ScriptedReceiver()
        let exporter = exporter(receiver)
        submit(0..<1200, to: exporter)
        let run = Task { await exporter.run() }
        run.cancel()
        await run.value
        #expect(receiver.requests.count == 3)
        #expect(receiver.mostUnderWay == 1)
        #expect(observer.tally.exported == 1200)
        submit(0..<2, to: exporter)
        #expect(observer.tally.dropped == [.shutdown: 2])
        #expect(exporter.queuedCount == 0)
    }

    /// A receiver that never answers holds the process up for the flush time-out and no longer.
    @Test func givesUpAtTheFlushDeadline() async {
        let receiver = ScriptedReceiver([.hang])
        let exporter = exporter(receiver)
        submit(0..<600, to: exporter)
        let run = Task { await exporter.run() }
        await receiver.waitForRequests(1)
        run.cancel()
        await time.waitForSleepers()
        time.advance(by: .seconds(5))
        await run.value
        #expect(observer.tally.dropped == [.shutdown: 600])
        #expect(observer.tally.exported == 0)
    }

    @Test func countsWhatTheQueueCannotHold() {
        var limits = BatchLimits()
        (limits.queueLimit, limits.batchLimit) = (100, 50)
        let exporter = exporter(ScriptedReceiver(), limits: limits)
        submit(0..<130, to: exporter)
        #expect(observer.tally.dropped == [.queueFull: 30])
        #expect(exporter.queuedCount == 100)
    }

    /// What was taken in is exported or counted, whatever the receiver does, with spans coming from several tasks.
    @Test func losesNothingUncounted() async {
        let answers: [ScriptedReceiver.Step] = [
            .answer(IncomingResponse(status: 400)), .answer(IncomingResponse(status: 200)),
            .fail(ApusError(code: "tls", "not trusted")), .answer(IncomingResponse(status: 202)),
        ]
        let receiver = ScriptedReceiver(answers)
        let exporter = exporter(receiver)
        let run = Task { await exporter.run() }
        await withTaskGroup { group in
            for task: UInt64 in 0..<4 {
                group.addTask { for number: UInt64 in 0..<1000 { exporter.submit(.sample(task * 1000 + number)) } }
            }
        }
        run.cancel()
        await run.value
        let tally = observer.tally
        #expect(tally.exported + tally.dropped.values.reduce(0, +) == 4000)
        #expect(receiver.mostUnderWay == 1)
        #expect(tally.failures.map(\.code) == ["otlp-status-400", "tls"])
    }
}
