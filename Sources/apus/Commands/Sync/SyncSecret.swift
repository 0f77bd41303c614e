import Age
import ArgumentParser
import Base
import Glibc
import HostSync
import Terminal

/// `apus sync secret`: values of a site that only its reader can open.
struct SyncSecret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret",
        abstract: "Encrypt values of a site with age; the age program reads and writes the same.",
        subcommands: [Keygen.self, Encrypt.self, Decrypt.self, Rekey.self])

    struct Keygen: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "keygen", abstract: "Make an identity: the file stays secret, its age1… recipient is public.",
            discussion: """
                EXAMPLES
                  apus sync secret keygen ~/.config/apus/identity
                """)

        @Argument(
            help: "The file to make, with mode 0600. One that is there is never overwritten.", completion: .file())
        var file: String

        func run() throws {
            let identity = AgeIdentity.generate()
            let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Files.failure("write-failed", "cannot make \(file)") }
            defer { close(descriptor) }
            let text = "# public key: \(identity.recipient)\n\(identity.reveal())\n"
            try Files.writeAll(Array(text.utf8), to: descriptor, name: file)
            guard fsync(descriptor) == 0 else { throw Files.failure("write-failed", "cannot write \(file)") }
            try Report.output("\(identity.recipient)\n")
        }
    }

    struct Encrypt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "encrypt", abstract: "Encrypt standard input for recipients, as text for a YAML file.",
            discussion: """
                EXAMPLES
                  printf %s "$PASSWORD" | apus sync secret encrypt --recipient age1… --name dbPassword >>vars.yaml
                """)

        @Option(help: ArgumentHelp("A recipient; may be given several times.", valueName: "age1…"))
        var recipient: [String]

        @Option(help: ArgumentHelp("Write a YAML key with the value, indented as a block.", valueName: "key"))
        var name: String?

        func run() throws {
            let recipients = try SyncSecret.recipients(recipient)
            let plaintext = try Files.read(descriptor: STDIN_FILENO, name: "standard input", limit: 1 << 20)
            let text = String(decoding: try Age.encrypt(plaintext, to: recipients, armored: true), as: UTF8.self)
            guard let name else { return try Report.output(text) }
            let lines = text.split(separator: "\n").map { "  \($0)\n" }.joined()
            try Report.output("\(name): |\n\(lines)")
        }
    }

    struct Decrypt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "decrypt",
            abstract: "Decrypt an age file, or a value of a YAML file, from standard input to standard output.",
            discussion: """
                EXAMPLES
                  apus sync secret decrypt --identity ~/.config/apus/identity <secret.age
                  apus sync secret decrypt --identity ~/.config/apus/identity --name dbPassword <vars.yaml
                """)

        @Option(help: ArgumentHelp("A file with age identities.", valueName: "file"), completion: .file())
        var identity: String

        @Option(help: ArgumentHelp("The key whose value is wanted, where there are several.", valueName: "key"))
        var name: String?

        func run() throws {
            let identities = try SyncSecret.identities(identity)
            let input = try Files.read(descriptor: STDIN_FILENO, name: "standard input", limit: 64 << 20)
            let plaintext = try SyncSecret.decrypted(try age(input), identities)
            try Files.writeAll(plaintext, to: STDOUT_FILENO, name: "standard output")
        }

        /// The age file itself, or the one that stands in a YAML file.
        private func age(_ input: [UInt8]) throws -> [UInt8] {
            let blocks = ArmoredText(String(decoding: input, as: UTF8.self)).blocks
            if let name {
                guard let block = blocks.first(where: { $0.name == name }) else {
                    throw SyncSecret.fault("there is no encrypted value \(name)")
                }
                return Array(block.armor.utf8)
            }
            if blocks.count > 1 {
                let names = blocks.compactMap(\.name).joined(separator: ", ")
                throw SyncSecret.fault("there are \(blocks.count) encrypted values: name one with --name (\(names))")
            }
            return blocks.first.map { Array($0.armor.utf8) } ?? input
        }
    }

    struct Rekey: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rekey",
            abstract: "Encrypt every encrypted value of files anew, for other recipients.",
            discussion: """
                All values of a file are decrypted before it is replaced, at once: a value that cannot be opened leaves the
                file as it was.

                EXAMPLES
                  apus sync secret rekey --identity ~/.config/apus/identity --recipient age1… --recipient age1… vars.yaml
                """)

        @Argument(help: "YAML files, or age files in armor.", completion: .file())
        var file: [String]

        @Option(help: ArgumentHelp("A file with the age identities that open them now.", valueName: "file"))
        var identity: String

        @Option(help: ArgumentHelp("A recipient; may be given several times.", valueName: "age1…"))
        var recipient: [String]

        func run() throws {
            let recipients = try SyncSecret.recipients(recipient)
            let identities = try SyncSecret.identities(identity)
            for path in file {
                guard let content = String(validating: try Files.read(path, limit: 64 << 20), as: UTF8.self) else {
                    throw SyncSecret.fault("\(path) is not UTF-8 text")
                }
                let text = ArmoredText(content)
                guard !text.blocks.isEmpty else { throw SyncSecret.fault("\(path) holds no encrypted value") }
                try SyncSecret.refuseOtherForms(content, path, blocks: text.blocks.count)
                let result = try text.replacing { block in
                    let plaintext: [UInt8]
                    do {
                        plaintext = try SyncSecret.decrypted(Array(block.armor.utf8), identities)
                    } catch {
                        throw SyncSecret.fault("\(path): \(block.name ?? "a value"): \(error)")
                    }
                    return String(decoding: try Age.encrypt(plaintext, to: recipients, armored: true), as: UTF8.self)
                }
                try SyncSecret.replace(path, Array(result.utf8))
                try Report.output("\(path): \(Count.of(text.blocks.count, "value")) encrypted anew\n")
            }
        }
    }

    // MARK: Shared

    private static func recipients(_ texts: [String]) throws -> [AgeRecipient] {
        try texts.map { text in
            do {
                return try AgeRecipient(text)
            } catch {
                throw ValidationError("--recipient \(text): \(error)")
            }
        }
    }

    private static func identities(_ file: String) throws -> [AgeIdentity] {
        let text = String(decoding: try Files.read(file, limit: 1 << 20), as: UTF8.self)
        do {
            return try AgeIdentity.parse(identityFile: text)
        } catch {
            throw fault("\(file): \(error)")
        }
    }

    private static func decrypted(_ file: [UInt8], _ identities: [AgeIdentity]) throws -> [UInt8] {
        do {
            return try Age.decrypt(file, with: identities)
        } catch {
            throw fault("\(error)")
        }
    }

    /// A value that was left out would still open to whoever is to be shut out.
    private static func refuseOtherForms(_ content: String, _ path: String, blocks: Int) throws {
        let places = EncryptedValues.positions(Array(content.utf8), file: path)
        guard places.count > blocks else { return }
        let list = places.map { "\($0)" }.joined(separator: ", ")
        throw fault(
            "\(path) holds \(places.count) encrypted values (at \(list)), of which \(blocks) are blocks (KEY: |): write the others so, too"
        )
    }

    /// The file that a link leads to, with its owner and mode.
    private static func replace(_ path: String, _ bytes: [UInt8]) throws {
        var status = stat()
        guard let real = realpath(path, nil), stat(real, &status) == 0 else {
            throw Files.failure("read-failed", "cannot read \(path)")
        }
        defer { free(real) }
        let file = String(cString: real)
        try Files.writeAtomically(bytes, to: file, mode: UInt32(status.st_mode & 0o7777))
        if chown(file, status.st_uid, status.st_gid) != 0, geteuid() == 0 {
            throw Files.failure("write-failed", "cannot give \(file) back to its owner")
        }
    }

    private static func fault(_ message: String) -> ApusError {
        ApusError(code: "bad-secret", message, kind: .declaration)
    }
}
