import Base
import Resilience
import Settings
import SwiftProtobuf
import Synchronization
import TestKit
import Testing

@testable import Telemetry

@Suite(.timeLimit(.minutes(1))) struct OTLPClientTests {
    private let time = ManualTime()
    private let observer = CollectingObserver()

    private let url = HTTPURL("http://127.0.0.1:4318/v1/traces")!

    private func client(_ receiver: ScriptedReceiver, _ change: (inout OTLPDestination) -> Void = { _ in })
        -> OTLPClient
    {
        var destination = OTLPDestination(url: url)
        destination.retry.jitter = .none
        change(&destination)
        return OTLPClient(
            destination: destination, resource: .standard, sender: receiver, time: time, compress: { [0x1F] + $0 })
    }

    /// Exports two spans, moving the clock on whenever the client sleeps.
    private func export(_ client: OTLPClient, budget: Duration = .seconds(30)) async -> String {
        let deadline = time.now().advanced(by: budget)
        let isDone = Atomic(false)
        async let outcome = client.export([.sample(1), .sample(2)], deadline: deadline, observer: observer)
        async let ticking: Void = {
            while !isDone.load(ordering: .acquiring) {
                if time.sleeperCount > 0 { time.advance(by: .milliseconds(100)) }
                await Task.yield()
            }
        }()
        let result = await outcome
        isDone.store(true, ordering: .releasing)
        await ticking
        return switch result {
        case .accepted(let rejected): "accepted, \(rejected) rejected"
        case .failed(let error, let attempts): "\(error.code) after \(attempts)"
        case nil: "cancelled"
        }
    }

    @Test func sendsWhatTheSpecificationAsksFor() async {
        let receiver = ScriptedReceiver()
        let outcome = await export(client(receiver) { $0.headers = [(name: "Api-Key", value: Secret("s3cret"))] })
        #expect(outcome == "accepted, 0 rejected")
        let request = receiver.requests[0]
        #expect(request.method == "POST" && request.url == "http://127.0.0.1:4318/v1/traces")
        #expect(request.timeout == .seconds(10))
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(headers["Content-Type"] == "application/x-protobuf" && headers["Content-Encoding"] == "gzip")
        #expect(headers["Api-Key"] == "s3cret" && headers["User-Agent"]?.hasPrefix("apus/") == true)
        #expect(request.body.first == 0x1F)
    }

    @Test func leavesTheBodyPlainWhenTold() async throws {
        let receiver = ScriptedReceiver()
        _ = await export(client(receiver) { $0.compression = .none })
        #expect(!receiver.requests[0].headers.contains { $0.name == "Content-Encoding" })
        let message = try OTLPExportTraceServiceRequest(serializedBytes: receiver.requests[0].body)
        #expect(message.resourceSpans[0].scopeSpans[0].spans.map(\.name) == ["span 1", "span 2"])
    }

    /// What each answer of a receiver that keeps giving it leads to.
    @Test(arguments: [
        (200, "accepted, 0 rejected", 1), (204, "accepted, 0 rejected", 1),
        (429, "otlp-status-429 after 5", 5), (502, "otlp-status-502 after 5", 5), (503, "otlp-status-503 after 5", 5),
        (504, "otlp-status-504 after 5", 5), (400, "otlp-status-400 after 1", 1), (401, "otlp-status-401 after 1", 1),
        (404, "otlp-status-404 after 1", 1), (408, "otlp-status-408 after 1", 1), (413, "otlp-status-413 after 1", 1),
        (500, "otlp-status-500 after 1", 1), (501, "otlp-status-501 after 1", 1), (302, "otlp-status-302 after 1", 1),
    ])
    func retriesOnlyWhatMayBeRetried(status: Int, outcome: String, requests: Int) async {
        let receiver = ScriptedReceiver(Array(repeating: .answer(IncomingResponse(status: status)), count: 20))
        #expect(await export(client(receiver)) == outcome)
        #expect(receiver.requests.count == requests)
    }

    @Test func retriesFailedConnections() async {
        let refused = ScriptedReceiver.Step.fail(ApusError(code: "connect-failed", "refused", canRetry: true))
        let receiver = ScriptedReceiver([refused, refused])
        #expect(await export(client(receiver)) == "accepted, 0 rejected")
        #expect(observer.tally.retries == [.seconds(1), .milliseconds(1500)])
        let untrusted = ScriptedReceiver([.fail(ApusError(code: "tls-failed", "not trusted"))])
        #expect(await export(client(untrusted)) == "tls-failed after 1")
    }

    @Test func obeysRetryAfter() async {
        let busy = IncomingResponse(status: 429, headers: [(name: "retry-after", value: "7")])
        let receiver = ScriptedReceiver([.answer(busy)])
        let start = time.now()
        #expect(await export(client(receiver)) == "accepted, 0 rejected")
        #expect(start.duration(to: time.now()) >= .seconds(7))
    }

    @Test func staysWithinTheExportTimeout() async {
        let receiver = ScriptedReceiver(Array(repeating: .answer(IncomingResponse(status: 503)), count: 20))
        let start = time.now()
        #expect(await export(client(receiver), budget: .seconds(4)) == "otlp-status-503 after 3")
        #expect(start.duration(to: time.now()) <= .seconds(4))
        // The last attempt is given what is left, not its usual ten seconds.
        #expect(receiver.requests.last.map { $0.timeout < .seconds(3) } == true)
    }

    @Test func countsAPartialSuccessAndTellsItOnce() async throws {
        let partial = OTLPExportTraceServiceResponse.with {
            $0.partialSuccess.rejectedSpans = 1
            $0.partialSuccess.errorMessage = "span too old"
        }
        let answer = IncomingResponse(
            status: 200, headers: [(name: "content-type", value: "application/x-protobuf")],
            body: try partial.serializedBytes())
        let receiver = ScriptedReceiver([.answer(answer), .answer(answer)])
        let client = client(receiver)
        #expect(await export(client) == "accepted, 1 rejected")
        #expect(await export(client) == "accepted, 1 rejected")
        #expect(observer.tally.rejections == ["span too old"])
        #expect(receiver.requests.count == 2)
    }

    @Test func takesAnOddBodyForASuccess() async {
        let answer = IncomingResponse(
            status: 200, headers: [(name: "Content-Type", value: "application/x-protobuf")], body: [0xFF, 0xFF, 0xFF])
        #expect(await export(client(ScriptedReceiver([.answer(answer)]))) == "accepted, 0 rejected")
    }

    @Test func endsWhenCancelled() async {
        let receiver = ScriptedReceiver([.hang])
        let client = client(receiver)
        let deadline = time.now().advanced(by: .seconds(30))
        let task = Task { await client.export([.sample(1)], deadline: deadline, observer: observer) == nil }
        await receiver.waitForRequests(1)
        task.cancel()
        #expect(await task.value)
    }
}
