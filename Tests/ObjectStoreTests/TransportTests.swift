import Base
import CloudAPI
import Crypto
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

    /// Short bodies go in one piece, longer ones in slices of 128 KiB: below, at and above the borders.
    @Test(arguments: [1, 131_071, 131_072, 131_073, 262_144, 300_001, 9_000_000])
    func bodiesArriveWhole(count: Int) async throws {
        let peer = try await StorePeer.odd()
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ ($0 >> 9)) }
        let answer = try await StorePeer.http.send(
            OutgoingRequest(method: "PUT", url: "\(peer.endpoint)/x", body: body, timeout: .seconds(20)))
        #expect(String(decoding: answer.body, as: UTF8.self) == Hex.encode(SHA256.hash(data: body)))
    }

    /// Its answer, or that the connection is gone, which may be tried again; never a wait until the time is up.
    @Test func aServerThatDoesNotWantTheBodyIsNotWaitedFor() async throws {
        let peer = try await StorePeer.odd()
        let request = OutgoingRequest(
            method: "PUT", url: "\(peer.endpoint)/early", body: [UInt8](repeating: 1, count: 9_000_000),
            timeout: .seconds(60))
        do {
            #expect(try await StorePeer.http.send(request).status == 403)
        } catch let error as ApusError {
            #expect(error.canRetry && error.code != "timed-out", "\(error)")
        }
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
