import Base
import Daemon
import Gateway
import Settings
import TestKit
import Testing

@Suite struct GatewayInspectionTests {
    private func doubts(_ route: String, upstreams: String? = nil) throws -> [String] {
        let text = GatewayFile.route(route, upstreams: upstreams ?? "{ app: { hosts: [\"127.0.0.1:9001\"] } }")
        return GatewayInspection.doubts(of: try GatewayFile.settings(text)).map { doubt in
            "\(doubt.severity) \(doubt.key): \(doubt.message)"
        }
    }

    @Test func pagesThatDoNotReadAreToldWithTheirPlace() throws {
        let folder = try TemporaryFolder()
        let page = try folder.write("busy.html", "<p>busy</p>")
        let limit = "rateLimit: { requestsPerSecond: 1, degraded: { static: \(page) } }"
        #expect(try doubts("{ upstream: app, \(limit), fallback: { static: \(page) } }").isEmpty)
        #expect(
            try doubts("{ upstream: app, fallback: [{ static: /nowhere.html }, { static: \(folder.path) }] }")
                == [
                    "error routes[0].fallback[0].static: cannot read /nowhere.html: No such file or directory",
                    "error routes[0].fallback[1].static: cannot read \(folder.path): it is not a regular file",
                ])
        #expect(try doubts("{ respond: { static: /nowhere.html } }").count == 1)
        #expect(
            try doubts("{ upstream: app, rateLimit: { requestsPerSecond: 1, degraded: { static: /x } } }").count == 1)
    }

    @Test func certificatesAndKeysAreLookedAt() throws {
        let folder = try TemporaryFolder()
        let certificate = try folder.write("c.pem", "-----BEGIN CERTIFICATE-----\n")
        let key = try folder.write("k.pem", "-----BEGIN EC PRIVATE KEY-----\n")
        func upstream(_ certificate: String, _ key: String) -> String {
            "{ app: { hosts: [\"127.0.0.1:9001\"], tls: { certificate: \(certificate), key: \(key) } } }"
        }
        let open = "\(key) is open to everybody: chmod o="
        #expect(
            try doubts("{ upstream: app }", upstreams: upstream(certificate, key))
                == ["warning upstreams.app.tls.key: \(open)"])
        #expect(
            try doubts("{ upstream: app }", upstreams: upstream(key, certificate))
                == [
                    "error upstreams.app.tls.certificate: \(key) holds no BEGIN CERTIFICATE in PEM form",
                    "error upstreams.app.tls.key: \(certificate) holds no PRIVATE KEY in PEM form",
                    "warning upstreams.app.tls.key: \(certificate) is open to everybody: chmod o=",
                ])
    }

    @Test func theListenersFilesAreLookedAt() throws {
        let text = """
            gateway:
              listen: { address: ":443", tls: { certificates: { certificate: /a, key: /b }, clientCertificates: { authorities: [/c] } } }
              routes: [{ respond: {} }]

            """
        #expect(
            GatewayInspection.doubts(of: try GatewayFile.settings(text)).map(\.key)
                == [
                    "listen[0].tls.certificates[0].certificate", "listen[0].tls.certificates[0].key",
                    "listen[0].tls.clientCertificates.authorities[0]",
                ])
    }

    @Test func theExampleReads() throws {
        let path = "\(ApusProgram.root())/examples/gateway.yaml"
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        let section = text.split(separator: "\ngateway:", maxSplits: 1).last.map { "gateway:" + $0 } ?? ""
        let result = GatewayFile.read(section)
        #expect(result.complaints.map(\.description) == [])
        let settings = try #require(try result.get().group(GatewaySettings.self))
        #expect(GatewayInspection.doubts(of: settings).isEmpty, "it runs on any host")
    }

    @Test func twoBreakersOfOneNameAreTold() throws {
        let upstreams = "{ app: { hosts: [\"127.0.0.1:9001\"], circuitBreaker: { failureRateThreshold: 40 } } }"
        func doubts(of name: String) throws -> [String] {
            try self.doubts(
                "{ name: \(name), upstream: app, circuitBreaker: { failureRateThreshold: 30 } }", upstreams: upstreams)
        }
        #expect(try doubts(of: "other").isEmpty)
        #expect(
            try doubts(of: "app") == [
                "error routes[0].circuitBreaker: would be that of upstreams.app: both have the name 'app'; "
                    + "give the route another by name"
            ])
    }
}
