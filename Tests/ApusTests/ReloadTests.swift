import Base
import Glibc
import TestKit
import Testing

private func configuration(hosts: String = "a", reload: Bool = true) -> String {
    "admin: { listen: \"127.0.0.1:0\", reload: \(reload), hosts: [\(hosts)] }\n"
}

@Suite(.timeLimit(.minutes(10))) struct ReloadTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func aBadFileKeepsTheOldGenerationAndSaysWhyEverywhere() async throws {
        let receiver = try NotifyReceiver(path: "\(folder.path)/notify")
        let apus = try await ApusProgram.run(
            configuration(), folder: folder, environment: ["NOTIFY_SOCKET": receiver.path])
        let address = try #require(apus.address)
        #expect(receiver.receive().hasPrefix("READY=1"))
        try apus.write("admin: { listen: 5 }\nnonsense: true\n")
        #expect(try await apus.reload() == false)
        #expect(try await Client.metric("apus_config_last_reload_successful", at: address) == 0)
        #expect(apus.errors.contains("apus.yaml:1:18: admin.listen"))
        #expect(apus.errors.contains("apus.yaml:2:1: nonsense"))
        #expect(receiver.receive().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(receiver.receive().hasPrefix("READY=1\nSTATUS=reload failed: "))
        #expect(try await Client.get("\(address)/").text.contains("what ran before it still runs"))
        let answer = try await Client.post("\(address)/-/reload")
        #expect(answer.status == 422)
        #expect(answer.text.contains("nonsense"))

        try apus.write(configuration(hosts: "b"))
        #expect(try await apus.reload())
        #expect(try await Client.metric("apus_config_last_reload_successful", at: address) == 1)
    }

    @Test func whatDidNotChangeIsNotRestarted() async throws {
        let apus = try await ApusProgram.run(configuration(), folder: folder)
        #expect(try await apus.reload())
        #expect(try await apus.reload())
        #expect(apus.errors.split(separator: "\n").filter { $0.contains("console and metrics are served") }.count == 1)
        try apus.write(configuration(hosts: "b"))
        #expect(try await apus.reload())
        #expect(apus.errors.split(separator: "\n").filter { $0.contains("console and metrics are served") }.count == 2)
    }

    @Test func aReloadThatCannotBindChangesNothing() async throws {
        let apus = try await ApusProgram.run(configuration(), folder: folder)
        let address = try #require(apus.address)
        let other = try await ApusProgram.run(configuration(), folder: TemporaryFolder())
        let taken = try #require(other.address?.split(separator: ":").last)
        try apus.write("admin: { listen: \"127.0.0.1:\(taken)\" }\n")
        #expect(try await apus.reload() == false)
        #expect(try await Client.get("\(address)/healthz").status == 200)
        #expect(apus.errors.contains("Address already in use"))
    }

    @Test func anAddressThatIsGivenUpIsClosedAndMayBeTakenAgain() async throws {
        let apus = try await ApusProgram.run(configuration(), folder: folder)
        let first = try #require(apus.address)
        let socket = "\(folder.path)/admin.sock"
        for _ in 0..<3 {
            try apus.write("admin: { listen: \"unix:\(socket)\" }\n")
            #expect(try await apus.reload())
            try await eventually("the old address is closed") {
                (try? await Client.get("\(first)/healthz")) == nil
            }
            #expect(access(socket, F_OK) == 0)
            try apus.write("admin: { listen: \"\(first.dropFirst(7))\" }\n")
            #expect(try await apus.reload())
            #expect(try await Client.get("\(first)/healthz").status == 200)
            try await eventually("the socket file is gone") { access(socket, F_OK) != 0 }
        }
        apus.child.signal(SIGTERM)
        #expect(await apus.child.wait() == 0, "\(apus.errors)")
    }

    @Test func aFIFOInPlaceOfTheFileIsRefusedAndBlocksNothing() async throws {
        let apus = try await ApusProgram.run(configuration(), folder: folder)
        let address = try #require(apus.address)
        unlink(apus.file)
        #expect(mkfifo(apus.file, 0o600) == 0)
        #expect(try await apus.reload() == false)
        #expect(apus.errors.contains("is not a regular file"))
        #expect(try await Client.get("\(address)/healthz").status == 200)
    }

    @Test func reloadByHTTPMustBeEnabled() async throws {
        let apus = try await ApusProgram.run(configuration(reload: false), folder: folder)
        let address = try #require(apus.address)
        #expect(try await Client.post("\(address)/-/reload").status == 403)
    }

    /// Every reload replaces the component that owns the socket, while clients ask over new and over kept connections.
    @Test func notOneRequestFailsAcrossAHundredReloads() async throws {
        let apus = try await ApusProgram.run(configuration(), folder: folder)
        let address = try #require(apus.address)
        let stop = "\(folder.path)/stop"
        let load = try ChildProcess(
            "python3", ["\(ApusProgram.root())/Tests/peers/load/http_load.py", address, stop], folder: folder.path)
        try await eventually("the load runs") { load.output.contains("running") }
        for round in 1...100 {
            try apus.write(configuration(hosts: "name-\(round)"))
            #expect(try await Client.post("\(address)/-/reload").status == 200)
        }
        try folder.write("stop", "")
        #expect(await load.wait() == 0, "\(load.output)\(load.errors)")
        let result = load.output.split(separator: "\n").last.map(String.init) ?? ""
        #expect(result.hasSuffix(" failed 0"), "\(result)")
        #expect(apus.errors.split(separator: "\n").filter { $0.contains("configuration reloaded") }.count == 100)
        #expect(
            apus.errors.split(separator: "\n").filter { $0.contains("console and metrics are served") }.count == 101)
    }

    /// SIGKILL at twenty moments of a storm of reloads; each next start is clean.
    @Test func aKillDuringReloadsLeavesNothingBehind() async throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20 {
            let apus = try await ApusProgram.run(configuration(), folder: folder)
            for round in 0..<Int.random(in: 1...10, using: &random) {
                try apus.write(configuration(hosts: "name-\(round)"))
                apus.child.signal(SIGHUP)
            }
            apus.child.signal(SIGKILL)
            #expect(await apus.child.wait() == 128 + SIGKILL)
        }
        let apus = try await ApusProgram.run(configuration(), folder: folder)
        apus.child.signal(SIGTERM)
        #expect(await apus.child.wait() == 0)
    }
}
