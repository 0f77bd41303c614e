import Base
import Glibc
import Settings

/// What the files of `group_vars` and `host_vars` say, for the groups and hosts that there are.
///
/// For each name the first that exists counts, as with Ansible: a file or folder of that very name, then `.yml`,
/// `.yaml`, `.json`. Of a folder every such file is read, in the order of names, and those of folders below it.
struct VariableFiles {
    private static let extensions = ["", ".yml", ".yaml", ".json"]
    private static let deepestFolder = 16

    /// By folder of the sources, then by group.
    private(set) var groups: [[Int: [VariableLayer]]] = []
    private(set) var hosts: [Int: [VariableLayer]] = [:]
    private var read = 0

    /// The group's layers of all folders, in the order in which they apply.
    func layers(ofGroup group: Int) -> [VariableLayer] { groups.flatMap { $0[group] ?? [] } }

    /// - Parameters:
    ///   - groups: the names of all groups; so `hosts`. The layers are kept by the place in these lists.
    static func load(
        _ folders: [String], groups: [String], hosts: [String], opener: InventoryBuilder.Opener?,
        _ complaints: inout InventoryComplaints
    ) -> VariableFiles {
        var files = VariableFiles()
        for folder in folders {
            files.groups.append(files.load("\(folder)/group_vars", groups, opener, &complaints))
            for (host, layers) in files.load("\(folder)/host_vars", hosts, opener, &complaints) {
                files.hosts[host, default: []] += layers
            }
        }
        return files
    }

    /// Looks each name up in one listing: a folder of 10,000 hosts is read once and not asked 40,000 times.
    private mutating func load(
        _ folder: String, _ names: [String], _ opener: InventoryBuilder.Opener?, _ complaints: inout InventoryComplaints
    ) -> [Int: [VariableLayer]] {
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return [:] }
        let present = Set(listing(folder, &complaints))
        var found: [Int: [VariableLayer]] = [:]
        for (index, name) in names.enumerated() {
            let candidates = VariableFiles.extensions.map { name + $0 }.filter(present.contains)
            guard let first = candidates.first else { continue }
            for other in candidates.dropFirst() {
                let place = InventoryPlace("\(folder)/\(other)")
                complaints.add(.warning, at: place, "is not read, since \(first) stands beside it")
            }
            var layers: [VariableLayer] = []
            read("\(folder)/\(first)", depth: 0, opener, into: &layers, &complaints)
            found[index] = layers
        }
        return found
    }

    private func listing(_ folder: String, _ complaints: inout InventoryComplaints) -> [String] {
        do {
            return try FolderListing.names(folder)
        } catch {
            complaints.add(at: InventoryPlace(folder), error.message)
            return []
        }
    }

    private mutating func read(
        _ path: String, depth: Int, _ opener: InventoryBuilder.Opener?, into layers: inout [VariableLayer],
        _ complaints: inout InventoryComplaints
    ) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            complaints.add(at: InventoryPlace(path), Files.failure("read-failed", "cannot read it").message)
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return readFile(path, opener, into: &layers, &complaints)
        }
        guard depth < VariableFiles.deepestFolder else {
            complaints.add(at: InventoryPlace(path), "more than \(VariableFiles.deepestFolder) folders in each other")
            return
        }
        for name in listing(path, &complaints) where !name.hasPrefix(".") && !name.hasSuffix("~") {
            let end = name.lastIndex(of: ".").map { String(name[$0...]) } ?? ""
            guard VariableFiles.extensions.contains(end) else { continue }
            read("\(path)/\(name)", depth: depth + 1, opener, into: &layers, &complaints)
        }
    }

    private mutating func readFile(
        _ path: String, _ opener: InventoryBuilder.Opener?, into layers: inout [VariableLayer],
        _ complaints: inout InventoryComplaints
    ) {
        read += 1
        guard read <= InventoryBuilder.mostVariableFiles else {
            if read == InventoryBuilder.mostVariableFiles + 1 {
                let message = "more than \(InventoryBuilder.mostVariableFiles) files of variables"
                complaints.add(at: InventoryPlace(path), message)
            }
            return
        }
        guard let root = AnsibleFile.root(path, opener, &complaints), !root.isNull else { return }
        guard let mapping = root.mapping else {
            let message = "found \(root.kindName), wanted a mapping of variables"
            complaints.add(at: InventoryPlace(path, root.position), message)
            return
        }
        var layer = VariableLayer()
        for entry in mapping.entries {
            let place = InventoryPlace(path, entry.value.position, SettingsPath([.key(entry.key)]))
            let value = AnsibleValue.of(entry.value, at: place, &complaints)
            layer.set(entry.key, value, written: entry.value.text, at: place, &complaints)
        }
        layers.append(layer)
    }
}

/// YAML files of Ansible, read whole.
enum AnsibleFile {
    /// The file's document; nil for an empty one and after complaints.
    static func root(
        _ path: String, _ opener: InventoryBuilder.Opener?, _ complaints: inout InventoryComplaints
    ) -> YAMLNode? {
        guard let bytes = bytes(path, &complaints) else { return nil }
        return root(bytes, path, opener, &complaints)
    }

    /// Nil after a complaint: the file cannot be read, or is a vault as a whole.
    static func bytes(_ path: String, _ complaints: inout InventoryComplaints) -> [UInt8]? {
        do {
            let bytes = try Files.read(path, limit: YAMLLimits().bytes)
            guard bytes.starts(with: "$ANSIBLE_VAULT".utf8) else { return bytes }
            complaints.add(at: InventoryPlace(path), AnsibleValue.vault)
        } catch {
            complaints.add(at: InventoryPlace(path), error.message)
        }
        return nil
    }

    static func root(
        _ bytes: [UInt8], _ path: String, _ opener: InventoryBuilder.Opener?, _ complaints: inout InventoryComplaints
    ) -> YAMLNode? {
        let document = YAMLDocument(bytes, file: path)
        for complaint in document.complaints { complaints.add(complaint) }
        guard let root = document.root, let opener else { return document.root }
        var found: [Complaint] = []
        let opened = opener(root, path, &found)
        for complaint in found { complaints.add(complaint) }
        return opened
    }
}
