import Base
import Envelope
import Glibc
package import Settings

/// What `apus logs check` says beyond the rules themselves: what they name and is not on this host, and what they leave out
/// that most want. All of it is allowed, and may be right tomorrow.
package enum RuleAdvice {
    package static func warnings(_ rules: RuleSet, environment: [String: String]) -> [Complaint] {
        var folders: [String: String] = [:]
        return rules.rules.flatMap { rule in
            let found =
                schedule(rule.settings.rotate) + key(rule.settings.encrypt, environment)
                + accounts(rule.settings.rotate)
                + numbers(rule, &folders)
            return found.map { complaint(rule, at: $0.path, $0.message) }
        }
    }

    private typealias Advice = (path: String, message: String)

    private static func schedule(_ rotate: RotateSettings) -> [Advice] {
        guard rotate.size == nil, rotate.maxSize == nil, rotate.every == nil else { return [] }
        return [("rotate", "has neither size nor every: its logs are rotated by `apus logs rotate --force` only")]
    }

    private static func key(_ encrypt: EncryptSettings?, _ environment: [String: String]) -> [Advice] {
        guard let encrypt else { return [] }
        do throws(ApusError) {
            switch try KeyProviderURI(encrypt.keyID) {
            case .file(let path): _ = try KeyRingFile(path).read()
            case .env(let variable): _ = try EnvKeyProvider(variable: variable, environment: environment)
            case .exec(let command):
                guard access(command[0], X_OK) != 0 else { break }
                return [("encrypt.key_id", "\(command[0]): \(Files.reason(errno))")]
            case .kms: break
            }
            return []
        } catch {
            let hint = error.code == "key-ring-missing" ? ": `apus logs key create` makes one" : ""
            return [("encrypt.key_id", error.message + hint)]
        }
    }

    private static func accounts(_ rotate: RotateSettings) -> [Advice] {
        let named: [(String, String?, String?)] = [
            ("rotate.create", rotate.create.owner, rotate.create.group),
            ("rotate.createOldDir", rotate.createOldDir?.owner, rotate.createOldDir?.group),
            ("rotate.su", rotate.su?.user, rotate.su?.group),
        ]
        return named.compactMap { path, user, group in
            do throws(ApusError) {
                _ = try SystemCommands().account(user: user, group: group)
                return nil
            } catch {
                return (path, error.message)
            }
        }
    }

    /// Logs of one name from several folders take each other's numbers in a folder that they share.
    private static func numbers(_ rule: Rule, _ folders: inout [String: String]) -> [Advice] {
        let rotate = rule.settings.rotate
        guard rotate.naming == .number, let folder = rotate.oldDir, folder.hasPrefix("/") else { return [] }
        var found: [Advice] = []
        for (index, path) in rule.settings.paths.enumerated() {
            let parts = path.split(separator: "/")
            let name = parts.last.map(String.init) ?? path
            let isMany = parts.dropLast().contains { $0.contains { "*?[{".contains($0) } }
            let other = folders.updateValue(rule.name, forKey: "\(folder)/\(name)")
            guard isMany || other != nil else { continue }
            let whose = other.map { $0 == rule.name ? "" : " of rule \($0), too" } ?? ""
            found.append(
                (
                    "paths[\(index)]",
                    "logs called \(name) share \(folder)\(whose) and each other's numbers: naming: time"
                ))
        }
        return found
    }

    /// At the key, or at what is above it where the key is left out.
    private static func complaint(_ rule: Rule, at path: String, _ message: String) -> Complaint {
        let whole = SettingsPath(parsing: path)
        let root = (try? Files.read(rule.file, limit: YAMLLimits().bytes)).flatMap {
            YAMLDocument($0, file: rule.file).root
        }
        var near = whole
        while !near.isEmpty, root?.descendant(near) == nil { near.components.removeLast() }
        let position = near.isEmpty ? SourcePosition.start : root?.descendant(near)?.position ?? .start
        return Complaint(.warning, file: rule.file, position: position, path: whole, message)
    }
}
