import SSHTransport
package import Settings

/// `directory`: a folder, and with `source` what is in it. Every file below is compared by its SHA-256 and written only
/// when it differs; nothing is removed unless `purge` says so.
package struct DirectoryResource: Resource {
    package static let keyword = "directory"
    package static let summary = "A folder, empty or with the contents of a local one."

    package var path = ""
    package var mode: UInt32?
    package var owner: String?
    package var group: String?
    package var parents = true
    package var source: String?
    package var fileMode: UInt32?
    package var directoryMode: UInt32?
    package var recurse = false
    package var purge = false
    /// What `source` holds.
    package var entries: [TreeEntry] = []

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("path", \.path, .hostPath, "Where the folder stands on the host.", required: true),
            Ownership.modeField(\.mode), Ownership.ownerField(\.owner), Ownership.groupField(\.group),
            SettingsField("parents", \.parents, .bool, "Make the folders above it that are missing, with 0755."),
            SettingsField("source", \.source, .nonEmptyString, "A local folder that is copied into it with all below."),
            SettingsField(
                "fileMode", \.fileMode, .fileMode, "Permissions of the files below; default: the local ones."),
            SettingsField(
                "directoryMode", \.directoryMode, .fileMode,
                "Permissions of the folders below; default: the local ones."),
            SettingsField(
                "recurse", \.recurse, .bool,
                "Give owner, group, fileMode and directoryMode to everything that is below it on the host."),
            SettingsField("purge", \.purge, .bool, "Remove what is in the folder and not in source."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if purge, source == nil {
            complaints.error(at: \Self.purge, "needs source: without one it would remove everything")
        }
        if purge, AbsentResource.isKept(path) {
            complaints.error(at: \Self.purge, "must not empty a folder that a system cannot be without")
        }
        if recurse, AbsentResource.isKept(path) {
            complaints.error(at: \Self.recurse, "must not change everything below a folder of the system")
        }
        if recurse, owner == nil, group == nil, fileMode == nil, directoryMode == nil {
            complaints.error(at: \Self.recurse, "needs owner, group, fileMode or directoryMode to give")
        }
        if source == nil, !recurse, fileMode != nil || directoryMode != nil {
            complaints.warning(at: "", "fileMode and directoryMode do nothing without source or recurse")
        }
    }

    package var label: String { path }

    package mutating func load(_ loader: any ContentLoader) throws(ResourceFault) {
        guard let source else { return }
        entries = try loader.tree(source)
        for entry in entries {
            if let objection = HostPath.objection(to: place(entry)) {
                throw ResourceFault("\(source) holds \(entry.path), \(objection)")
            }
            if case .link(let target) = entry.kind, target.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                throw ResourceFault("\(source) holds the link \(entry.path) to a name with a control character")
            }
        }
    }

    package func probe(_ request: inout ProbeRequest) {
        for folder in HostPath(path).ancestors { request.path(folder) }
        request.path(path)
        for entry in entries {
            if case .file = entry.kind { request.digest(place(entry)) } else { request.path(place(entry)) }
        }
        if recurse || purge { request.ask(TreeListing.query, path) }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        var work = DirectoryWork(self)
        try work.folder(&host)
        if purge || recurse {
            let listing = try TreeListing(path, host)
            if purge { try work.remove(listing, &host) }
            for entry in entries { try work.entry(entry, at: place(entry), &host) }
            if recurse { try work.recurse(listing, &host) }
        } else {
            for entry in entries { try work.entry(entry, at: place(entry), &host) }
        }
        return work.comparison
    }

    func place(_ entry: TreeEntry) -> String { path == "/" ? "/" + entry.path : path + "/" + entry.path }
}

extension HostPath {
    /// The folders above it from the top, without the root: `/srv`, `/srv/www` of `/srv/www/index.html`.
    var ancestors: [String] {
        var result: [String] = []
        var folder = self.folder
        while folder != "/" {
            result.append(folder)
            folder = HostPath(folder).folder
        }
        return result.reversed()
    }
}
