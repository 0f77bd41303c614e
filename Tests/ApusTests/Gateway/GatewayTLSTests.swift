import Glibc
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct GatewayTLSTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A certificate that is its own authority: NAME.pem and NAME.key.
    private func certificate(_ name: String, for host: String) async throws {
        let key = "\(folder.path)/\(name).key.new"
        let (code, _, errors) = try await ChildProcess.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", "/CN=\(host)", "-addext", "subjectAltName=DNS:\(host),IP:127.0.0.1", "-keyout", key, "-out",
                "\(folder.path)/\(name).pem.new",
            ], folder: folder.path)
        #expect(code == 0, "\(errors)")
        rename(key, "\(folder.path)/\(name).key")
        rename("\(folder.path)/\(name).pem.new", "\(folder.path)/\(name).pem")
    }

    private func pair(_ name: String) -> String {
        "{ certificate: \(folder.path)/\(name).pem, key: \(folder.path)/\(name).key }"
    }

    private func rig(_ tls: String, hosts: String, upstream: String = "") async throws -> GatewayRig {
        try await GatewayRig.start(
            """
              listen: { address: "127.0.0.1:@port@", tls: { \(tls) } }
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: [\(hosts)]\(upstream) } }
            """, folder: folder)
    }

    private func ask(_ rig: GatewayRig, _ host: String, trust: String, _ arguments: String...) async throws
        -> CurlAnswer
    {
        try await CurlAnswer.of(
            [
                "https://\(host):\(rig.port)/", "--resolve", "\(host):\(rig.port):127.0.0.1", "--cacert",
                "\(folder.path)/\(trust).pem",
            ] + arguments, folder: folder)
    }

    @Test func theNameChoosesTheCertificateAndALPNTheProtocol() async throws {
        try await certificate("one", for: "one.test")
        try await certificate("two", for: "two.test")
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("certificates: [\(pair("one")), \(pair("two"))]", hosts: upstream.host)
        #expect(try await ask(rig, "one.test", trust: "one").version == "HTTP/2")
        #expect(try await ask(rig, "two.test", trust: "two", "--http1.1").version == "HTTP/1.1")
        await #expect(throws: (any Error).self) { try await ask(rig, "two.test", trust: "one") }
        #expect(upstream.requests.last?["x-forwarded-proto"] == "https")
    }

    @Test func aCertificateThatChangesOnDiskIsServedWithoutAReload() async throws {
        try await certificate("one", for: "one.test")
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("certificates: [\(pair("one"))]", hosts: upstream.host)
        _ = try await ChildProcess.run(
            "cp", ["one.pem", "old.pem"].map { "\(folder.path)/\($0)" }, folder: folder.path)
        #expect(try await ask(rig, "one.test", trust: "old").status == 200)
        try await certificate("one", for: "one.test")
        try await eventually("the new one is served", within: .seconds(20)) {
            try await (try? ask(rig, "one.test", trust: "one")) != nil
        }
        // A broken one changes nothing.
        try folder.write("one.pem", "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
        for _ in 0..<5 { #expect(try await rig.get("/", "-k", scheme: "https").status == 200) }
    }

    @Test func clientsMustOrMayHaveACertificate() async throws {
        try await certificate("server", for: "server.test")
        try await certificate("client", for: "client.test")
        try await certificate("stranger", for: "client.test")
        let upstream = try await ScriptedUpstream(folder: folder)
        let own = "certificates: [\(pair("server"))]"
        let authorities = "authorities: \(folder.path)/client.pem"
        func identity(_ name: String) -> (String, String) {
            ("\(folder.path)/\(name).pem", "\(folder.path)/\(name).key")
        }
        let (client, clientKey) = identity("client")
        let (stranger, strangerKey) = identity("stranger")

        let strict = try await rig("\(own), clientCertificates: { \(authorities) }", hosts: upstream.host)
        #expect(
            try await ask(strict, "server.test", trust: "server", "--cert", client, "--key", clientKey).status == 200)
        await #expect(throws: (any Error).self) { try await ask(strict, "server.test", trust: "server") }
        await #expect(throws: (any Error).self) {
            try await ask(strict, "server.test", trust: "server", "--cert", stranger, "--key", strangerKey)
        }
        let lax = try await rig("\(own), clientCertificates: { \(authorities), mode: optional }", hosts: upstream.host)
        #expect(try await ask(lax, "server.test", trust: "server").status == 200)
        #expect(try await ask(lax, "server.test", trust: "server", "--cert", client, "--key", clientKey).status == 200)
        await #expect(throws: (any Error).self) {
            try await ask(lax, "server.test", trust: "server", "--cert", stranger, "--key", strangerKey)
        }
    }

    @Test func theUpstreamsCertificateIsVerified() async throws {
        try await certificate("up", for: "up.test")
        try await certificate("other", for: "up.test")
        let upstream = try await ScriptedUpstream(
            folder: folder,
            arguments: ["--certificate", "\(folder.path)/up.pem", "--key", "\(folder.path)/up.key"])
        func text(_ tls: String) -> String {
            """
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: [\(upstream.host)], tls: { \(tls) } } }
            """
        }
        let right = "authorities: \(folder.path)/up.pem, serverName: up.test"
        let rig = try await GatewayRig.start(text(right), folder: folder)
        #expect(try await rig.get("/").status == 200)
        #expect(try await rig.reload(text("authorities: \(folder.path)/other.pem, serverName: up.test")))
        #expect(try await rig.get("/").status == 502)
        #expect(try await rig.reload(text("authorities: \(folder.path)/up.pem, serverName: wrong.test")))
        #expect(try await rig.get("/").status == 502)
        #expect(try await rig.reload(text("verify: false")))
        #expect(try await rig.get("/").status == 200)
    }

    // MARK: HTTP/2

    @Test func priorKnowledgeSpeaksHTTP2() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        let answer = try await rig.get("/?size=100000", "--http2-prior-knowledge")
        #expect(answer.version == "HTTP/2")
        #expect(answer.body.utf8.count == 100_000)
        #expect(try await rig.get("/", "--http2-prior-knowledge", "-d", "hello").status == 200)
        #expect(upstream.requests.last?.body == "hello")
    }

    @Test(arguments: [false, true]) func theUpstreamMaySpeakHTTP2(secure: Bool) async throws {
        try Peers.require("nghttpd")
        try await certificate("up", for: "up.test")
        let port = try LoopbackPort.free()
        try folder.write("hello.txt", String(repeating: "hello ", count: 5000))
        let keys = secure ? ["\(folder.path)/up.key", "\(folder.path)/up.pem"] : []
        let server = try ChildProcess(
            "nghttpd", (secure ? [] : ["--no-tls"]) + ["-a", "127.0.0.1", "-d", folder.path, "\(port)"] + keys,
            folder: folder.path)
        defer { server.signal(SIGTERM) }
        func text(_ name: String) -> String {
            let tls = secure ? ", tls: { authorities: \(folder.path)/up.pem, serverName: \(name) }" : ""
            return """
                  routes: [{ upstream: app }]
                  upstreams: { app: { hosts: ["127.0.0.1:\(port)"], protocol: h2\(tls) } }
                """
        }
        let rig = try await GatewayRig.start(text("up.test"), folder: folder)
        try await eventually("it serves", within: .seconds(10)) { try await rig.get("/hello.txt").status == 200 }
        #expect(try await rig.get("/hello.txt").body.utf8.count == 30_000)
        #expect(try await rig.statuses("/hello.txt", count: 50) == Array(repeating: 200, count: 50))
        #expect(try await rig.together("/hello.txt", count: 20) == Array(repeating: 200, count: 20))
        #expect(try await rig.get("/missing").status == 404)
        guard secure else { return }
        #expect(try await rig.reload(text("wrong.test")))
        #expect(try await rig.get("/hello.txt").status == 502)
    }
}
