import Base
import Crypto
import Glibc
package import Settings

/// Reads a folder of rules, or one file, and says everything that is wrong in all of them at once.
package enum RuleReader {
    /// - Parameter path: a folder, of which `*.yaml` and `*.yml` are read, or a file of any name.
    /// - Throws: `RuleRefused` with all complaints; `ApusError` when the path itself cannot be read.
    package static func read(_ path: String, references: any ReferenceResolver = SystemReferences()) throws -> RuleSet {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let hint =
                errno == ENOENT ? "; `apus logs import` makes rules of logrotate's, `apus logs explain` shows one" : ""
            let failure = Files.failure("read-failed", "cannot read \(path)")
            throw ApusError(code: failure.code, failure.message + hint)
        }
        var reading = Reading(references: references)
        if status.st_mode & S_IFMT == S_IFDIR {
            let folder = path.hasSuffix("/") && path.utf8.count > 1 ? String(path.dropLast()) : path
            let names = try RuleFolder.files(path)
            if names.isEmpty { reading.noteNoRules(path) }
            for name in names { reading.readFile("\(folder)/\(name)", name: name, in: folder) }
        } else {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            try reading.read(Files.read(path, limit: YAMLLimits().bytes), file: path, name: name)
        }
        return try reading.finish()
    }

    /// Reads rules that are in memory: the names of their files with their contents.
    package static func read(
        _ files: [(file: String, bytes: [UInt8])], references: any ReferenceResolver = SystemReferences()
    ) throws -> RuleSet {
        var reading = Reading(references: references)
        for (file, bytes) in files {
            reading.read(bytes, file: file, name: file.split(separator: "/").last.map(String.init) ?? file)
        }
        return try reading.finish()
    }

    private struct Reading {
        let references: any ReferenceResolver
        var rules: [RuleSet.Rule] = []
        var complaints: [Complaint] = []
        var hash = SHA256()
        var fileOfName: [String: String] = [:]
        var ruleOfPath: [String: String] = [:]

        mutating func noteNoRules(_ folder: String) {
            complaints.append(
                Complaint(.warning, file: folder, position: .start, "holds no rule: no file that ends in .yaml or .yml")
            )
        }

        mutating func readFile(_ file: String, name: String, in folder: String) {
            do throws(ApusError) {
                guard let bytes = try content(file) else { return }
                read(bytes, file: file, name: name, isElsewhere: !RuleFolder.isBelow(folder, file))
            } catch {
                complaints.append(Complaint(file: file, position: .start, error.message))
            }
        }

        /// A FIFO or a folder called `x.yaml` is told and left alone. What others can change is refused: the commands of a
        /// rule are run as root.
        ///
        /// - Returns: Nil for what is left alone.
        private mutating func content(_ file: String) throws(ApusError) -> [UInt8]? {
            var status = stat()
            guard stat(file, &status) == 0 else { throw Files.failure("read-failed", "cannot read \(file)") }
            guard status.st_mode & S_IFMT == S_IFREG else {
                complaints.append(Complaint(.warning, file: file, position: .start, "is no regular file: left alone"))
                return nil
            }
            let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
            guard descriptor >= 0 else { throw Files.failure("read-failed", "cannot read \(file)") }
            defer { close(descriptor) }
            // Of what was opened: it may be another file by now.
            guard fstat(descriptor, &status) == 0 else { throw Files.failure("read-failed", "cannot read \(file)") }
            if let reason = whyUnsafe(status) {
                complaints.append(Complaint(file: file, position: .start, reason))
                return nil
            }
            return try Files.read(descriptor: descriptor, name: file, limit: YAMLLimits().bytes)
        }

        private func whyUnsafe(_ status: stat) -> String? {
            if status.st_mode & S_IFMT != S_IFREG { return "is no regular file" }
            if status.st_mode & S_IWOTH != 0 { return "is writable by everybody: chmod o-w" }
            if geteuid() == 0, status.st_uid != 0 {
                return "belongs to user \(status.st_uid), and a rule's commands are run as root: chown root"
            }
            return nil
        }

        /// - Parameter isElsewhere: A link has led out of the folder: then nothing of what the file says is repeated, since it
        ///   may be one that only root reads.
        mutating func read(_ bytes: [UInt8], file: String, name: String, isElsewhere: Bool = false) {
            let ruleName = RuleFolder.ruleName(name) ?? name
            add(ruleName, bytes)
            let result = SettingsReader.read(RuleSettings.self, bytes, file: file, references: references)
            complaints += isElsewhere ? Reading.veiled(result.complaints) : result.complaints
            if let other = fileOfName.updateValue(file, forKey: ruleName) {
                complaints.append(Complaint(file: file, position: .start, "the rule \(ruleName) is in \(other), too"))
            }
            guard let settings = result.group else { return }
            noteSharedPaths(settings, ruleName, bytes, file)
            add(ruleName, Array(SettingsReader.rendered(settings).utf8))
            rules.append(RuleSet.Rule(name: ruleName, file: file, settings: settings))
        }

        private static func veiled(_ complaints: [Complaint]) -> [Complaint] {
            complaints.map {
                Complaint(
                    $0.severity, file: $0.file, position: $0.position,
                    "what is wrong is not shown: the file is a link out of the folder of rules")
            }
        }

        private mutating func noteSharedPaths(
            _ settings: RuleSettings, _ name: String, _ bytes: [UInt8], _ file: String
        ) {
            for (index, path) in settings.paths.enumerated() {
                guard let other = ruleOfPath[path] else {
                    ruleOfPath[path] = name
                    continue
                }
                let place = SettingsPath([.key("paths"), .index(index)])
                let root = YAMLDocument(bytes, file: file).root
                let node = root?.descendant(place) ?? root?["paths"]
                let whose = other == name ? "is here twice" : "is in rule \(other), too, which has its logs"
                complaints.append(
                    Complaint(.warning, file: file, position: node?.position ?? .start, path: place, whose))
            }
        }

        /// Lengths first, so that nothing can pass from one field into the next.
        private mutating func add(_ name: String, _ bytes: [UInt8]) {
            hash.update(data: Array("\(name.utf8.count) \(bytes.count) \(name)".utf8))
            hash.update(data: bytes)
        }

        func finish() throws(RuleRefused) -> RuleSet {
            guard !complaints.contains(where: { $0.severity == .error }) else {
                throw RuleRefused(complaints: complaints)
            }
            let digits = Array("0123456789abcdef".utf8)
            let text = hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            return RuleSet(
                rules: rules, warnings: complaints, fingerprint: String(decoding: text, as: UTF8.self))
        }
    }
}
