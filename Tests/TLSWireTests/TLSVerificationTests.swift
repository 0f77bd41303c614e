import HTTPWire
import TestKit
import Testing

@testable import TLSWire

@Suite struct TLSVerificationTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var certificate = "app"
        var authority = "authority"
        var name: String? = "app.example"
        var verifies = true
        /// Nil: the handshake succeeds. Otherwise the beginning of the client's complaint.
        var complaint: String?
    }

    static let cases = [
        Case(testDescription: "right name"),
        Case(testDescription: "wildcard", name: "a.app.example"),
        Case(testDescription: "name in capitals", name: "APP.Example"),
        Case(testDescription: "IPv4 address", name: "127.0.0.1"),
        Case(testDescription: "IPv6 address", name: "::1"),
        Case(testDescription: "common name only", certificate: "plain", name: "plain.example"),
        Case(
            testDescription: "wildcard stands for one label", name: "a.b.app.example",
            complaint: "the peer's certificate is made out to another name"),
        Case(
            testDescription: "another address", name: "127.0.0.2",
            complaint: "the peer's certificate is made out to another"),
        Case(
            testDescription: "another name", name: "else.example",
            complaint: "the peer's certificate is made out to another"),
        Case(
            testDescription: "unknown authority", authority: "stranger",
            complaint: "the peer's certificate is not accepted: it does not lead to a trusted authority"),
        Case(
            testDescription: "expired", certificate: "expired",
            complaint: "the peer's certificate is not accepted: it expired on 20"),
        Case(testDescription: "not verified: expired", certificate: "expired", name: nil, verifies: false),
        Case(
            testDescription: "not verified: name", authority: "stranger", name: "else.example", verifies: false),
        Case(testDescription: "verification needs a name", name: nil, complaint: "\"\" is not a name"),
    ]

    @Test(arguments: cases) func clientChecksTheServer(_ check: Case) throws {
        let server = try TestContexts.server([check.certificate])
        let client = try TestContexts.client(authority: check.authority) { $0.verifies = check.verifies }
        let pair: TLSPair
        do throws(TLSFault) { pair = try TLSPair(server: server, client: client, name: check.name) } catch {
            #expect(check.complaint.map { error.description.hasPrefix($0) } == true, "\(error)")
            return
        }
        pair.settle()
        guard let complaint = check.complaint else {
            #expect(pair.client.isEstablished && pair.clientFault == nil, "\(pair.clientFault as Any)")
            return
        }
        #expect(pair.clientFault?.description.hasPrefix(complaint) == true, "\(pair.clientFault as Any)")
    }

    struct ClientCase: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let asks: TLSServerSettings.ClientCertificates
        let shows: String?
        /// Subject that the server sees.
        var subject: String?
        var fault: TLSFault?
    }

    static let clientCases = [
        ClientCase(testDescription: "not asked", asks: .none, shows: "client"),
        ClientCase(
            testDescription: "optional, shown", asks: .optional, shows: "client",
            subject: "CN=robot,OU=Robots,O=Example"),
        ClientCase(testDescription: "optional, not shown", asks: .optional, shows: nil),
        ClientCase(
            testDescription: "required, shown", asks: .required, shows: "client",
            subject: "CN=robot,OU=Robots,O=Example"),
        ClientCase(testDescription: "required, not shown", asks: .required, shows: nil, fault: .certificateMissing),
        ClientCase(
            testDescription: "required, of a stranger", asks: .required, shows: "robber",
            fault: .certificateRejected("it does not lead to a trusted authority")),
        ClientCase(
            testDescription: "optional, of a stranger", asks: .optional, shows: "robber",
            fault: .certificateRejected("it does not lead to a trusted authority")),
    ]

    @Test(arguments: clientCases, [TLSMinimumVersion.tls12, .tls13])
    func serverChecksTheClient(_ check: ClientCase, _ version: TLSMinimumVersion) throws {
        let files = try TestCertificates.shared()
        let server = try TestContexts.server {
            $0.clientCertificates = check.asks
            $0.clientAuthorities = [files.path("authority.pem")]
            $0.minimumVersion = version
        }
        let client = try TestContexts.client { $0.certificate = check.shows.map { files.certificate($0) } }
        let pair = try TLSPair(server: server, client: client, name: "app.example")
        pair.settle()
        #expect(pair.serverFault == check.fault)
        #expect(pair.server.isEstablished == (check.fault == nil))
        #expect(pair.server.peerCertificate?.subject == check.subject)
        // The client hears of it by an alert.
        #expect((pair.clientFault == nil) == (check.fault == nil), "\(pair.clientFault as Any)")
    }

    struct NameCase: Sendable { let asked: String?; let index: Int }

    @Test(arguments: [
        NameCase(asked: "app.example", index: 0), NameCase(asked: "x.app.example", index: 0),
        NameCase(asked: "other.example", index: 1), NameCase(asked: "OTHER.example.", index: 1),
        NameCase(asked: "plain.example", index: 2), NameCase(asked: "unknown.example", index: 0),
        NameCase(asked: nil, index: 0),
    ])
    func serverChoosesTheCertificateByName(_ check: NameCase) throws {
        let server = try TestContexts.server(["app", "other", "plain"])
        let client = try TestContexts.client { $0.verifies = false }
        let pair = try TLSPair(server: server, client: client, name: check.asked)
        pair.settle()
        #expect(pair.server.certificateIndex == check.index)
        #expect(pair.client.peerCertificate == server.certificates[check.index].summary)
    }

    @Test(arguments: [
        ([NegotiatedProtocol.http2, .http1], [NegotiatedProtocol.http1], NegotiatedProtocol.http1),
        ([.http1, .http2], [.http2, .http1], .http1), ([.http2], [.http1], .none), ([], [.http2], .none),
        ([.http2, .http1], [], .none),
    ])
    func protocolIsTheServersChoice(
        _ server: [NegotiatedProtocol], _ client: [NegotiatedProtocol], _ chosen: NegotiatedProtocol
    ) throws {
        let pair = try TLSPair(
            server: TestContexts.server { $0.protocols = server },
            client: TestContexts.client { $0.protocols = client },
            name: "app.example")
        pair.settle()
        #expect(pair.server.isEstablished && pair.server.negotiatedProtocol == chosen)
        #expect(pair.client.negotiatedProtocol == chosen)
    }
}
