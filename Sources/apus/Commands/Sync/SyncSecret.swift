import Age
import ArgumentParser
import Base
import Glibc

/// `apus sync secret`: values of a site that only its reader can open.
struct SyncSecret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret",
        abstract: "Encrypt values of a site with age; the age program reads and writes the same.",
        subcommands: [Keygen.self, Encrypt.self, Decrypt.self])

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
            let recipients = try recipient.map { text in
                do {
                    return try AgeRecipient(text)
                } catch {
                    throw ValidationError("--recipient \(text): \(error)")
                }
            }
            let plaintext = try Files.read(descriptor: STDIN_FILENO, name: "standard input", limit: 1 << 20)
            let text = String(decoding: try Age.encrypt(plaintext, to: recipients, armored: true), as: UTF8.self)
            guard let name else { return try Report.output(text) }
            let lines = text.split(separator: "\n").map { "  \($0)\n" }.joined()
            try Report.output("\(name): |\n\(lines)")
        }
    }

    struct Decrypt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "decrypt", abstract: "Decrypt an age file from standard input to standard output.",
            discussion: """
                EXAMPLES
                  apus sync secret decrypt --identity ~/.config/apus/identity <secret.age
                """)

        @Option(help: ArgumentHelp("A file with age identities.", valueName: "file"), completion: .file())
        var identity: String

        func run() throws {
            let keys = String(decoding: try Files.read(identity, limit: 1 << 20), as: UTF8.self)
            let file = try Files.read(descriptor: STDIN_FILENO, name: "standard input", limit: 64 << 20)
            let plaintext: [UInt8]
            do {
                plaintext = try Age.decrypt(file, with: try AgeIdentity.parse(identityFile: keys))
            } catch let error as AgeError {
                throw ApusError(code: "bad-secret", "\(error)", kind: .declaration)
            }
            try Files.writeAll(plaintext, to: STDOUT_FILENO, name: "standard output")
        }
    }
}
