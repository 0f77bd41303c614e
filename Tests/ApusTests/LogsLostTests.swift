import Base
import Glibc
import TestKit
import Testing

/// What was lost, renamed or cannot be named is told, and never silently left.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsLostTests {
    /// A host with a generation that waits, as its store is no folder.
    private func waiting(_ rule: String = "") async throws -> LogsHost {
        let host = try LogsHost()
        try host.rule(rule + host.upload)
        rmdir(host.store)
        try TextFile.write(host.store, "")
        try TextFile.append(host.log(), "line\n")
        try await host.expect(3, "rotate", "--force")
        return host
    }

    private func bringStoreBack(_ host: LogsHost) {
        unlink(host.store)
        mkdir(host.store, 0o700)
    }

    /// The place of the first `rotated` record, of which a letter is changed.
    private func damageJournal(_ host: LogsHost) throws {
        let path = "\(host.state)/journal"
        var bytes = try Files.read(path)
        let place = try #require(bytes.firstRange(of: Array(" planned ".utf8)))
        bytes[place.lowerBound + 2] ^= 1
        try Files.writeAtomically(bytes, to: path, mode: 0o600)
    }

    @Test func aDamagedJournalIsTold() async throws {
        let host = try await waiting()
        bringStoreBack(host)
        try damageJournal(host)
        let result = try await host.expect(3, "rotate")
        #expect(result.errors.contains("of the journal cannot be read"), "\(result.errors)")
        // Its generation is not known any more, and has a name that only we give.
        let left = try #require(host.names(host.logs).first { $0.hasPrefix("app.log-") })
        #expect(result.errors.contains("\(host.log(left)): recover") && result.errors.contains("does not know it"))
        #expect(TextFile.status("\(host.state)/journal.damaged") != nil)
    }

    @Test func aRenamedRuleGoesOn() async throws {
        let host = try await waiting()
        bringStoreBack(host)
        rename("\(host.folder.path)/rules/app.yaml", "\(host.folder.path)/rules/web.yaml")
        let result = try await host.expect(0, "rotate")
        #expect(result.output.contains("1 generation stored"), "\(result.output)")
        #expect(try await host.archived(host.log()) == "line\n")
    }

    @Test func aGenerationWithoutARuleIsTold() async throws {
        let host = try await waiting()
        bringStoreBack(host)
        try host.rule("paths: [/nowhere/*.log]\n" + host.upload)
        try host.folder.write("rules/b.yaml", TextFile.read("\(host.folder.path)/rules/app.yaml"))
        unlink("\(host.folder.path)/rules/app.yaml")
        let result = try await host.expect(3, "rotate")
        #expect(result.errors.contains("neither is there a rule app nor one for its log"), "\(result.errors)")
    }

    @Test func whatSomebodyDeletedIsGivenUpOnDemand() async throws {
        let host = try await waiting()
        bringStoreBack(host)
        let name = try #require(host.names(host.logs).first { $0.hasPrefix("app.log-") })
        unlink(host.log(name))
        let told = try await host.expect(3, "rotate")
        #expect(told.errors.contains(name) && told.errors.contains("No such file"), "\(told.errors)")
        let result = try await host.expect(0, "rotate", "--forget-missing")
        #expect(result.output.contains("gone       \(host.log(name))"), "\(result.output)")
        #expect(try await host.expect(0, "rotate").errors.isEmpty)
    }

    @Test func aFileThatIsThereIsNotGivenUp() async throws {
        let host = try await waiting()
        try await host.expect(3, "rotate", "--forget-missing")
        bringStoreBack(host)
        try await host.expect(0, "rotate")
        #expect(try await host.archived(host.log()) == "line\n")
    }

    @Test func namesThatWeCannotTellApartAreTold() async throws {
        let host = try LogsHost()
        try host.rule(host.upload)
        try TextFile.append(host.log("caf\u{E9}.log"), "one\n")
        try TextFile.append(host.log("cafe\u{301}.log"), "two\n")
        let result = try await host.expect(3, "rotate", "--force")
        #expect(result.errors.contains("its name differs from another's in form only"), "\(result.errors)")
        #expect(host.objects().count == 1)
    }

    @Test func namesThatAreNoUTF8AreTold() async throws {
        let host = try LogsHost()
        try host.rule(host.upload)
        let bytes = Array(host.logs.utf8) + [UInt8(ascii: "/"), 0xFF] + Array(".log".utf8) + [0]
        let file = bytes.withUnsafeBufferPointer { pointer in
            pointer.withMemoryRebound(to: CChar.self) { open($0.baseAddress!, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644) }
        }
        #expect(file >= 0)
        close(file)
        let result = try await host.expect(3, "rotate")
        #expect(result.errors.contains("its name is not UTF-8"), "\(result.errors)")
    }

    @Test func aForcedLogThatIsEmptyIsTold() async throws {
        let host = try LogsHost()
        try host.rule(host.upload)
        try TextFile.append(host.log(), "")
        let result = try await host.expect(0, "rotate", "--force")
        #expect(result.output.contains("left       \(host.log())  it is empty"), "\(result.output)")
    }
}
