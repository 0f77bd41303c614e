import Base
import Glibc
import Settings

/// Reads Ansible's inventories: INI and YAML files, the JSON of `ansible-inventory --list`, and folders of such.
///
/// `group_vars` and `host_vars` beside the file, or in the folder, are read too. Programs are not run and plugins not
/// asked; both are complained of with what to do instead.
package enum InventoryFile {
    private static let largest = YAMLLimits().bytes
    private static let deepestFolder = 16
    private static let mostFiles = 10_000
    /// Ansible's `inventory_ignore_patterns` and the ends that it passes over.
    private static let ignoredNames: Set<String> = ["group_vars", "host_vars", "vars_plugins"]
    private static let ignoredEnds = [
        "~", ".bak", ".orig", ".swp", ".pyc", ".pyo", ".rpm", ".md", ".txt", ".rst", ".cfg", ".retry",
    ]

    /// Takes the inventory at `path` in. What is wrong goes to the builder's complaints.
    package static func read(path: String, into builder: inout InventoryBuilder) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let message = Files.failure("read-failed", "cannot read the inventory").message
            return builder.complaints.add(at: InventoryPlace(path), message)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            readFile(path, status, into: &builder)
            return builder.addVariableFolder(folder(of: path))
        }
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        var files = 0
        readFolder(trimmed, depth: 0, &files, into: &builder)
        builder.addVariableFolder(trimmed)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func readFolder(
        _ folder: String, depth: Int, _ files: inout Int, into builder: inout InventoryBuilder
    ) {
        let names: [String]
        do {
            names = try FolderListing.names(folder)
        } catch {
            return builder.complaints.add(at: InventoryPlace(folder), error.message)
        }
        for name in names where !name.hasPrefix(".") && !ignoredNames.contains(name) {
            guard !ignoredEnds.contains(where: { name.hasSuffix($0) }) else { continue }
            let path = "\(folder)/\(name)"
            files += 1
            guard files <= mostFiles, depth < deepestFolder else {
                let message = "more than \(mostFiles) files or \(deepestFolder) folders in each other"
                return builder.complaints.add(at: InventoryPlace(folder), message)
            }
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                readFolder(path, depth: depth + 1, &files, into: &builder)
            } else {
                readFile(path, status, into: &builder)
            }
        }
    }

    private static func readFile(_ path: String, _ status: stat, into builder: inout InventoryBuilder) {
        guard let bytes = AnsibleFile.bytes(path, &builder.complaints) else { return }
        if bytes.starts(with: "#!".utf8) || status.st_mode & 0o111 != 0 {
            return builder.complaints.add(
                at: InventoryPlace(path),
                "the file is a program, and inventories are not run: save what it prints with --list as a .json file"
                    + " (or take the x bits away, if it is plain text)")
        }
        let name = path.lowercased()
        if name.hasSuffix(".yml") || name.hasSuffix(".yaml") || name.hasSuffix(".json") || isMarkedYAML(bytes) {
            guard let root = AnsibleFile.root(bytes, path, builder.opener, &builder.complaints) else { return }
            return YAMLInventory.read(root, file: path, into: &builder)
        }
        if name.hasSuffix(".toml") {
            let message = "TOML inventories are not read: convert it with `ansible-inventory --list --yaml`"
            return builder.complaints.add(at: InventoryPlace(path), message)
        }
        if !name.hasSuffix(".ini"), isYAML(bytes, path),
            let root = AnsibleFile.root(bytes, path, builder.opener, &builder.complaints)
        {
            return YAMLInventory.read(root, file: path, into: &builder)
        }
        INIInventory.read(bytes, file: path, into: &builder)
    }

    /// Begins with what no INI inventory begins with, so that a mistake in the YAML is told as such.
    private static func isMarkedYAML(_ bytes: [UInt8]) -> Bool {
        guard let line = firstLine(bytes) else { return false }
        return line.starts(with: "---".utf8) || line.starts(with: "all:".utf8) || line.starts(with: "{".utf8)
    }

    private static func isYAML(_ bytes: [UInt8], _ path: String) -> Bool {
        guard let line = firstLine(bytes), line.first != UInt8(ascii: "["), line.contains(UInt8(ascii: ":")) else {
            return false
        }
        let document = YAMLDocument(bytes, file: path)
        return document.root.map(YAMLInventory.isInventory) ?? false
    }

    /// The first line with content.
    private static func firstLine(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != 0x0A }
            rest = rest.dropFirst(line.count + 1)
            let content = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            if let first = content.first, first != UInt8(ascii: "#"), first != UInt8(ascii: ";") { return content }
        }
        return nil
    }
}
