import Age
import Base
import Glibc
import Synchronization

/// Where the age identities come from: a file, an environment variable, a command. They are read at the first encrypted
/// value, kept for the run, and shown to nobody.
final class IdentitySource: Sendable {
    private static let mostBytes = 1 << 20

    private let settings: SecretSettings
    private let override: String?
    private let folder: String
    private let identities = Mutex<[AgeIdentity]?>(nil)

    init(_ settings: SecretSettings, override: String?, folder: String) {
        self.settings = settings
        self.override = override
        self.folder = folder
    }

    var decrypt: @Sendable (String) throws(ApusError) -> String {
        { armored throws(ApusError) in
            let identities = try self.load()
            let bytes: [UInt8]
            do throws(AgeError) {
                bytes = try Age.decrypt(Array(armored.utf8), with: identities)
            } catch {
                throw ApusError(code: "bad-secret", "\(error)")
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ApusError(code: "bad-secret", "what it holds is not UTF-8 text")
            }
            return text
        }
    }

    private func load() throws(ApusError) -> [AgeIdentity] {
        if let known = identities.withLock({ $0 }) { return known }
        let text = try self.text()
        do {
            let read = try AgeIdentity.parse(identityFile: text)
            identities.withLock { $0 = read }
            return read
        } catch {
            throw ApusError(code: "bad-identity", "the age identity does not read: \(error)")
        }
    }

    private func text() throws(ApusError) -> String {
        if let path = override { return try read(path) }
        if let path = settings.identityFile { return try read(path.hasPrefix("/") ? path : "\(folder)/\(path)") }
        if let name = settings.identityEnvironment ?? (settings.identityCommand.isEmpty ? "APUS_IDENTITY" : nil) {
            guard let value = getenv(name) else {
                throw ApusError(
                    code: "no-identity",
                    "no age identity is known: give secrets.identityFile, --identity, or the variable \(name)")
            }
            return String(cString: value)
        }
        return try LocalCommand.output(settings.identityCommand, limit: IdentitySource.mostBytes)
    }

    private func read(_ path: String) throws(ApusError) -> String {
        String(decoding: try Files.read(path, limit: IdentitySource.mostBytes), as: UTF8.self)
    }
}
