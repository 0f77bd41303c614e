import Base
import HTTPTransport
import TestKit
import Testing

/// What stores need of the HTTP client.
@Suite(.timeLimit(.minutes(2))) struct TransportTests {
    private func send(_ http: HTTPTransport, _ url: String, method: String = "GET") async throws -> IncomingResponse {
        try await http.send(OutgoingRequest(method: method, url: url, timeout: .seconds(20)))
    }

    @Test(arguments: [(0, false), (999, false), (1000, false), (1001, true), (100_000, true)])
    func tellsWhetherABodyIsCut(count: Int, isCut: Bool) async throws {
        let peer = try await StorePeer.odd()
        let http = HTTPTransport(responseBodyLimit: 1000)
        let answer = try await send(http, "\(peer.endpoint)/bytes/\(count)")
        await http.shutdown()
        #expect(answer.body.count == min(count, 1000) && answer.isCut == isCut)
    }

    @Test(arguments: ["short", "close"]) func failsWhereABodyEndsEarly(path: String) async throws {
        let peer = try await StorePeer.odd()
        do {
            _ = try await send(StorePeer.http, "\(peer.endpoint)/\(path)")
            Issue.record("it was taken for whole")
        } catch let error as ApusError {
            #expect(error.canRetry && error.code == "connection-lost", "\(error)")
        }
    }

    @Test func readsHeadAndSendsAnEmptyBodyWithItsLength() async throws {
        let peer = try await StorePeer.odd()
        let head = try await send(StorePeer.http, "\(peer.endpoint)/x", method: "HEAD")
        #expect(head.status == 200 && head.header("Content-Length") == "12345" && head.body.isEmpty && !head.isCut)
        #expect(try await send(StorePeer.http, "\(peer.endpoint)/x", method: "PUT").status == 200)
        #expect(try await send(StorePeer.http, "\(peer.endpoint)/bytes/3").body.count == 3)
    }

    @Test func trustsAnAuthorityOfOnesOwn() async throws {
        let peer = try await StorePeer.odd()
        let http = try HTTPTransport(authorityFile: peer.text("authority"))
        #expect(try await send(http, "\(peer.text("tls"))/bytes/3").body.count == 3)
        await http.shutdown()
        await expectCode("tls-failed") { _ = try await send(StorePeer.http, "\(peer.text("tls"))/bytes/3") }
    }

    @Test func refusesAFileWithoutCertificates() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("empty.pem", "nothing\n")
        await expectCode("certificate-unreadable") { _ = try HTTPTransport(authorityFile: file) }
        await expectCode("read-failed") { _ = try HTTPTransport(authorityFile: "\(folder.path)/absent") }
    }
}
