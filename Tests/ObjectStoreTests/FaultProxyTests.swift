import Base
import HTTPTransport
import ObjectStore
import Resilience
import Testing

/// Real requests through a proxy that spoils four of five.
@Suite(.timeLimit(.minutes(3))) struct FaultProxyTests {
    @Test(arguments: 0..<5) func getsThereInTheEnd(turns: Int) async throws {
        let peer = try await StorePeer.moto()
        let proxy = try await StorePeer.faults(before: peer)
        var options = StoreKind.options(peer, .s3)
        options.endpoint = proxy.endpoint
        options.retry = RetryPolicy(maxAttempts: 8, initialBackoff: .milliseconds(5), maxBackoff: .milliseconds(20))
        let store = BucketStore.make(options, peer)
        // Each argument meets the faults at another place.
        for _ in 0..<turns { _ = try? await proxy.plainRequest() }
        let parts = [someBytes(5 << 20, seed: 1), someBytes(5 << 20, seed: 2), someBytes(1000, seed: 3)]
        let upload = try await store.beginUpload("parts", ObjectAttributes())
        var receipts: [PartReceipt] = []
        for (index, part) in parts.enumerated() {
            receipts.append(try await store.uploadPart(upload, index + 1, part))
        }
        let done = try await store.completeUpload(upload, receipts, ObjectAttributes())
        let info = try await store.head("parts")
        #expect(info?.size == 10_486_760 && info?.eTag == done.eTag)
        #expect(try await store.read("parts", range: nil) == parts.flatMap { $0 })
        #expect(try await store.read("parts", range: 5..<9) == Array(parts[0][5..<9]))
        do throws(ApusError) {
            _ = try await store.putObject("once", [1, 2, 3], ObjectAttributes(ifAbsent: true))
        } catch {
            // Done at a try whose answer was lost: whoever asks compares.
            #expect(error.code == "object-exists")
        }
        #expect(try await store.read("once", range: nil) == [1, 2, 3])
        #expect(try await store.list("", after: nil, limit: 10).objects.map(\.key) == ["once", "parts"])
        try await store.delete("parts")
        #expect(try await store.head("parts") == nil)
        withExtendedLifetime(proxy) {}
    }
}

extension StorePeer {
    fileprivate func plainRequest() async throws -> IncomingResponse {
        try await StorePeer.http.send(OutgoingRequest(method: "GET", url: endpoint, timeout: .seconds(10)))
    }
}
