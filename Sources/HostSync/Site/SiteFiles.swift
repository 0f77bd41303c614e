import Base
import Glibc
import Settings
import Synchronization

/// The local files of a site: declarations, templates, contents. Each is read once, whatever the number of hosts; the
/// contents of `source:` files are not kept, only their size and digest.
final class SiteFiles: Sendable {
    /// A template is text for a configuration file.
    private static let mostTemplateBytes = 8 << 20
    private static let mostTreeEntries = 10_000

    let redactor: Redactor
    private let secrets: SecretOpener
    private let state = Mutex(State())

    private struct State {
        var read: [(path: String, digest: String)] = []
        var known: Set<String> = []
        var templates: [String: Template] = [:]
        var contents: [String: Content] = [:]
        var trees: [String: [TreeEntry]] = [:]
    }

    init(redactor: Redactor, secrets: SecretOpener) {
        self.redactor = redactor
        self.secrets = secrets
    }

    /// SHA-256 over every declaration that was read and every template and content that was loaded so far.
    var digest: String {
        let list = state.withLock { $0.read }
        return ContentDigest.of(Array(list.map(\.digest).joined(separator: "\n").utf8))
    }

    /// Every file that was read so far, with its digest.
    var loaded: [(path: String, digest: String)] { state.withLock { $0.read } }

    func folder(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "." }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }

    /// The first of `folders` that holds `name`; an absolute name stands for itself.
    func find(_ name: String, in folders: [String]) -> String? {
        if name.hasPrefix("/") { return access(name, F_OK) == 0 ? name : nil }
        return folders.lazy.map { $0 == "." ? name : "\($0)/\(name)" }.first { access($0, F_OK) == 0 }
    }

    func document(_ file: String) throws(ApusError) -> YAMLDocument {
        let bytes = try Files.read(file, limit: YAMLLimits().bytes + 1)
        note(file, ContentDigest.of(bytes))
        return YAMLDocument(bytes, file: file)
    }

    /// The node with every encrypted value in it decrypted.
    func opened(_ node: YAMLNode, _ file: String, _ complaints: inout [Complaint]) -> YAMLNode {
        guard SecretOpener.isEncrypted(anywhereIn: node) else { return node }
        return secrets.open(node, file: file, redactor: redactor, &complaints)
    }

    // MARK: Contents

    func content(_ path: String) throws(ApusError) -> Content {
        if let content = state.withLock({ $0.contents[path] }) { return content }
        let (size, digest) = try ContentDigest.ofFile(path)
        let content = Content.file(path: path, size: size, digest: digest)
        state.withLock { $0.contents[path] = content }
        note(path, digest)
        return content
    }

    func template(_ path: String) throws -> Template {
        if let template = state.withLock({ $0.templates[path] }) { return template }
        let bytes = try Files.read(path, limit: SiteFiles.mostTemplateBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ApusError(code: "bad-template", "\(path) is not UTF-8: name it with source:, not template:")
        }
        let template = try Template(parsing: text)
        state.withLock { $0.templates[path] = template }
        note(path, ContentDigest.of(bytes))
        return template
    }

    func tree(_ folder: String) throws(ApusError) -> [TreeEntry] {
        if let tree = state.withLock({ $0.trees[folder] }) { return tree }
        var entries: [TreeEntry] = []
        try walk(folder, "", &entries)
        state.withLock { $0.trees[folder] = entries }
        return entries
    }

    private func walk(_ root: String, _ relative: String, _ entries: inout [TreeEntry]) throws(ApusError) {
        let folder = relative.isEmpty ? root : "\(root)/\(relative)"
        for name in try FolderListing.names(folder) {
            guard entries.count < SiteFiles.mostTreeEntries else {
                throw ApusError(
                    code: "too-many-files", "\(root) holds more than \(SiteFiles.mostTreeEntries) files: use an archive"
                )
            }
            let path = "\(folder)/\(name)"
            let inner = relative.isEmpty ? name : "\(relative)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { throw Files.failure("read-failed", "cannot read \(path)") }
            let mode = UInt32(status.st_mode & 0o7777)
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                entries.append(TreeEntry(path: inner, kind: .directory, mode: mode))
                try walk(root, inner, &entries)
            case S_IFREG: entries.append(TreeEntry(path: inner, kind: .file(try content(path)), mode: mode))
            case S_IFLNK:
                entries.append(TreeEntry(path: inner, kind: .link(try FolderListing.target(path)), mode: mode))
            default: throw ApusError(code: "read-failed", "\(path) is neither a file nor a folder nor a link")
            }
        }
    }

    private func note(_ path: String, _ digest: String) {
        state.withLock { state in
            if state.known.insert(path).inserted { state.read.append((path, digest)) }
        }
    }
}

/// readdir(3) and readlink(2) without Foundation.
enum FolderListing {
    /// The names in a folder, sorted.
    static func names(_ folder: String) throws(ApusError) -> [String] {
        guard let handle = opendir(folder) else { throw Files.failure("read-failed", "cannot list \(folder)") }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func target(_ path: String) throws(ApusError) -> String {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = readlink(path, &buffer, buffer.count - 1)
        guard count >= 0 else { throw Files.failure("read-failed", "cannot read the link \(path)") }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
