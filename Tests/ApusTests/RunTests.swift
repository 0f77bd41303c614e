import Base
import Glibc
import TestKit
import Testing

private let endpoint = "admin: { listen: \"127.0.0.1:0\", reload: true }\n"

@Suite(.timeLimit(.minutes(5))) struct RunTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func servesHealthReadinessMetricsAndConsole() async throws {
        let apus = try await ApusProgram.run(endpoint, folder: folder)
        let address = try #require(apus.address)
        #expect(try await Client.get("\(address)/healthz").text == "ok\n")
        let readiness = try await Client.get("\(address)/readyz")
        #expect(readiness.status == 200)
        #expect(readiness.text.contains(#""admin""#))
        let metrics = try await Client.get("\(address)/metrics")
        #expect(metrics.header("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(metrics.text.contains("apus_build_info{"))
        let page = try await Client.get("\(address)/")
        #expect(page.text.hasPrefix("<!doctype html>"))
        #expect(page.header("content-security-policy")?.hasPrefix("default-src 'none'") == true)
        #expect(try await Client.get("\(address)/nowhere").status == 404)
    }

    @Test func stopsWithZeroOnSIGTERMAndLeavesNoSocketFile() async throws {
        let socket = "\(folder.path)/admin.sock"
        let file = try folder.write("unix.yaml", "admin: { listen: \"unix:\(socket)\" }\n")
        let child = try ChildProcess(ApusProgram.path, ["run", file], folder: folder.path)
        try await eventually("it has started") { child.errors.contains("apus started") }
        #expect(access(socket, F_OK) == 0)
        child.signal(SIGTERM)
        #expect(await child.wait() == 0)
        #expect(access(socket, F_OK) != 0)
    }

    @Test func aSocketFileLeftByAKilledProcessDoesNotHinderTheNextStart() async throws {
        let socket = "\(folder.path)/admin.sock"
        let file = try folder.write("unix.yaml", "admin: { listen: \"unix:\(socket)\" }\n")
        let first = try ChildProcess(ApusProgram.path, ["run", file], folder: folder.path)
        try await eventually("it has started") { first.errors.contains("apus started") }
        first.signal(SIGKILL)
        #expect(await first.wait() == 128 + SIGKILL)
        let second = try ChildProcess(ApusProgram.path, ["run", file], folder: folder.path)
        try await eventually("it has started again") { second.errors.contains("apus started") }
        second.signal(SIGTERM)
        #expect(await second.wait() == 0)
    }

    @Test func aSecondSignalEndsItAtOnce() async throws {
        let apus = try await ApusProgram.run(endpoint, folder: folder, arguments: ["--drain-timeout", "10m"])
        let address = try #require(apus.address)
        let request = try await longRequest(at: address)
        apus.child.signal(SIGTERM)
        try await eventually("it drains") { apus.errors.contains("draining") }
        #expect(!apus.child.hasEnded)
        apus.child.signal(SIGTERM)
        #expect(await apus.child.wait() == 130)
        _ = await request.result
    }

    @Test func theDrainDeadlineBoundsTheEnd() async throws {
        let apus = try await ApusProgram.run(endpoint, folder: folder, arguments: ["--drain-timeout", "200ms"])
        let address = try #require(apus.address)
        let request = try await longRequest(at: address)
        apus.child.signal(SIGTERM)
        #expect(await apus.child.wait() == 0)
        _ = await request.result
    }

    @Test func aBadFileIsRefusedWithEveryComplaintAndCode65() async throws {
        let file = try folder.write("bad.yaml", "admn: {}\nadmin: { listen: 5 }\n")
        for command in ["run", "check"] {
            let result = try await ChildProcess.run(ApusProgram.path, [command, file], folder: folder.path)
            #expect(result.code == 65)
            #expect(result.errors.contains("\(file):1:1: admn: unknown key; did you mean \"admin\"?"))
            #expect(result.errors.contains("\(file):2:18: admin.listen:"))
        }
    }

    @Test func aMissingFileIsAFailureAndNotABadDeclaration() async throws {
        let result = try await ChildProcess.run(ApusProgram.path, ["run", "/nowhere.yaml"], folder: folder.path)
        #expect(result.code == 1)
        #expect(result.errors.contains("cannot read /nowhere.yaml: No such file or directory"))
    }

    @Test func anAddressInUseIsSaidWithItsPlaceInTheFile() async throws {
        let apus = try await ApusProgram.run(endpoint, folder: folder)
        let port = try #require(apus.address?.split(separator: ":").last)
        let file = try folder.write("second.yaml", "admin: { listen: \"127.0.0.1:\(port)\" }\n")
        let result = try await ChildProcess.run(ApusProgram.path, ["run", file], folder: folder.path)
        #expect(result.code == 1)
        #expect(result.errors.contains("\(file):1:18: admin.listen: "))
        #expect(result.errors.contains("Address already in use"))
    }

    @Test func connectionsThatOnlyStayAreNoDenialOfService() async throws {
        let apus = try await ApusProgram.run(endpoint, folder: folder)
        let address = try #require(apus.address)
        let script = """
            import socket, sys
            place = sys.argv[1].removeprefix("http://").split(":")
            held = [socket.create_connection((place[0], int(place[1]))) for _ in range(700)]
            for connection in held[:100]: connection.send(b"GET / HT")
            probe = socket.create_connection((place[0], int(place[1])), timeout=30)
            probe.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
            print(probe.recv(4096).split(b"\\r\\n")[0].decode())
            """
        let result = try await ChildProcess.run("python3", ["-c", script, address], folder: folder.path)
        #expect(result.output == "HTTP/1.1 200 OK\n", "\(result.errors)")
    }

    @Test func aPortThatTheKernelChoseMayBeWrittenDown() async throws {
        let apus = try await ApusProgram.run(endpoint, folder: folder)
        let address = try #require(apus.address)
        try apus.write("admin: { listen: \"\(address.dropFirst(7))\" }\n")
        #expect(try await apus.reload(), "\(apus.errors)")
        #expect(try await Client.get("\(address)/healthz").status == 200)
    }

    @Test func closedStandardStreamsDoNotBecomeSockets() async throws {
        let file = try folder.write("closed.yaml", "admin: { listen: \"unix:\(folder.path)/a.sock\" }\n")
        let child = try ChildProcess(
            "sh", ["-c", "exec '\(ApusProgram.path)' run '\(file)' <&- >&- 2>&-"], folder: folder.path)
        try await eventually("it listens") { access("\(folder.path)/a.sock", F_OK) == 0 }
        for descriptor in 0...2 {
            var buffer = [CChar](repeating: 0, count: 64)
            let count = readlink("/proc/\(child.pid)/fd/\(descriptor)", &buffer, 63)
            #expect(count > 0 && String(cString: buffer) == "/dev/null")
        }
        child.signal(SIGTERM)
        #expect(await child.wait() == 0)
    }

    @Test func requestsOfOtherSitesAreRefused() async throws {
        let apus = try await ApusProgram.run(endpoint, folder: folder)
        let address = try #require(apus.address)
        #expect(try await Client.get("\(address)/", headers: [("host", "evil.example")]).status == 421)
        let foreign = try await Client.post("\(address)/-/reload", headers: [("origin", "https://evil.example")])
        #expect(foreign.status == 403)
        let marked = try await Client.post("\(address)/-/reload", headers: [("sec-fetch-site", "cross-site")])
        #expect(marked.status == 403)
        #expect(try await Client.post("\(address)/-/reload").status == 200)
    }

    /// A profile that is under way: it keeps the admin endpoint from draining.
    private func longRequest(at address: String) async throws -> Task<Void, any Error> {
        let request = Task {
            // The probe below may be running just then; it is asked again.
            while try await Client.get("\(address)/debug/pprof/profile?seconds=25").status == 409 {}
        }
        try await eventually("the profile has begun") {
            try await Client.get("\(address)/debug/pprof/profile?seconds=1").status == 409
        }
        return request
    }
}
