import Base
import TestKit
import Testing

@testable import TLSWire

@Suite struct TLSContextTests {
    @Test func certificateIsReadable() throws {
        let context = try TestContexts.server(["app", "plain", "expired"])
        let app = context.certificates[0].summary
        #expect(app.subject == "CN=app.example,O=Example\\, Inc.")
        #expect(app.issuer == "CN=authority")
        #expect(app.addresses == ["127.0.0.1", "::1"])
        #expect(app.uris == ["spiffe://example/app"])
        #expect(app.sha256.count == 64 && app.sha256.allSatisfy(\.isHexDigit))
        #expect(context.certificates[1].names == ["plain.example"])
        #expect(context.expiry == context.certificates[2].summary.notAfter)
        #expect(app.problem(at: app.notAfter.advanced(by: .seconds(1)))?.hasPrefix("it expired on") == true)
        #expect(app.problem(at: app.notBefore.advanced(by: .seconds(-1)))?.hasPrefix("it is not valid before") == true)
        #expect(app.problem(at: app.notAfter) == nil)
    }

    /// openssl(1) has the last word on the digest.
    @Test func digestIsThatOfOpenSSL() throws {
        let files = try TestCertificates.shared()
        let result = try ProcessRunner.run(
            ["openssl", "x509", "-in", files.path("app.pem"), "-noout", "-fingerprint", "-sha256"],
            timeout: .seconds(10))
        let digest = result.output.split(separator: "=")[1].filter(\.isHexDigit).lowercased()
        #expect(try TestContexts.server().certificates[0].summary.sha256 == digest)
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var chain = "app.pem"
        var key = "app.key"
        /// What the message must name.
        let names: [String]
    }

    @Test(arguments: [
        Bad(testDescription: "no such chain", chain: "none.pem", names: ["none.pem"]),
        Bad(testDescription: "no such key", key: "none.key", names: ["none.key"]),
        Bad(testDescription: "key as chain", chain: "app.key", names: ["app.key", "no certificate"]),
        Bad(testDescription: "chain as key", key: "app.pem", names: ["app.pem", "no private key"]),
        Bad(testDescription: "another key", key: "other.key", names: ["other.key", "app.pem", "does not belong"]),
        Bad(testDescription: "encrypted key", key: "locked.key", names: ["locked.key", "encrypted"]),
    ])
    func loadNamesTheFileAtFault(_ bad: Bad) throws {
        let files = try TestCertificates.shared()
        let settings = TLSServerSettings(certificates: [.init(chain: files.path(bad.chain), key: files.path(bad.key))])
        let error = try #require(throws: ApusError.self) { try TLSServerContext.load(settings) }
        #expect(error.kind == .declaration)
        for name in bad.names { #expect(error.message.contains(name), "\(error.message)") }
    }

    @Test func clientCertificatesNeedAuthorities() throws {
        let files = try TestCertificates.shared()
        var settings = TLSServerSettings(certificates: [files.certificate("app")])
        settings.clientCertificates = .required
        #expect(throws: ApusError.self) { try TLSServerContext.load(settings) }
        settings.clientAuthorities = [try files.write("empty.pem", "")]
        #expect(throws: ApusError.self) { try TLSServerContext.load(settings) }
        settings.certificates = []
        #expect(throws: ApusError.self) { try TLSServerContext.load(settings) }
    }

    @Test func namesOfTheSettingsTakeTheCertificatesPlace() throws {
        let files = try TestCertificates.shared()
        let context = try TLSServerContext.load(
            TLSServerSettings(certificates: [
                files.certificate("app"), files.certificate("other", names: ["shop.example"]),
            ]))
        #expect(context.index(for: "shop.example") == 1)
        #expect(context.knows("app.example") && !context.knows("other.example"))
    }
}
