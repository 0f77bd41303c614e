package import Settings

/// `block`: several lines of a text file that somebody else keeps, between two marker lines of their own.
package struct BlockResource: Resource, SensitiveResource {
    package static let keyword = "block"
    package static let summary = "Lines in a text file between two markers, replaced as a whole."
    static let defaultMarker = "# {mark} APUS MANAGED BLOCK"

    package var path = ""
    package var block: String?
    package var name: String?
    package var marker = BlockResource.defaultMarker
    package var state = DeclaredState.present
    package var insertAfter: String?
    package var insertBefore: String?
    package var create = false
    package var mode: UInt32?
    package var owner: String?
    package var group: String?
    package var backup = false
    package var validate: String?
    package var inPlace = false
    package var sensitive = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("path", \.path, .hostPath, "The text file on the host, at most 1 MiB.", required: true),
            SettingsField("block", \.block, .anyText, "The lines between the markers."),
            SettingsField(
                "name", \.name, .oneLine, "Tells several blocks of one file apart: it is written behind the markers."),
            SettingsField(
                "marker", \.marker, .oneLine,
                "The marker lines; {mark} becomes BEGIN and END. Give a comment of the file's syntax."),
            DeclaredState.field(\.state, "Whether the block is to be there; absent removes it with its markers."),
            SettingsField(
                "insertAfter", \.insertAfter, .oneLine,
                "Where a new block goes: after the last line that this regular expression matches, or EOF (the default)."
            ),
            SettingsField(
                "insertBefore", \.insertBefore, .oneLine,
                "Where a new block goes: before the last line that this regular expression matches, or BOF."),
            SettingsField("create", \.create, .bool, "Make the file when there is none."),
            Ownership.modeField(\.mode), Ownership.ownerField(\.owner), Ownership.groupField(\.group),
            SettingsField(
                "backup", \.backup, .bool, "Keep the old file beside the new one, with the time in its name."),
            SettingsField(
                "validate", \.validate, .nonEmptyString,
                "A command that must accept the new file before it takes its place; %s stands for its path."),
            SettingsField(
                "inPlace", \.inPlace, .bool, "Write into the existing file, for one that is a mount point. Not atomic."),
            SettingsField("sensitive", \.sensitive, .bool, "Never show the content, only that it differs."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        for (key, pattern) in [("insertAfter", insertAfter), ("insertBefore", insertBefore)] {
            guard let pattern, pattern != "EOF", pattern != "BOF" else { continue }
            do { _ = try LinePattern(pattern) } catch { complaints.error(at: key, error.message) }
        }
        if insertAfter != nil, insertBefore != nil {
            complaints.error(at: \Self.insertBefore, "give insertAfter or insertBefore, not both")
        }
        if let validate, validate.ranges(of: "%s").count != 1 {
            complaints.error(at: \Self.validate, "must hold %s once, which stands for the new file's path")
        }
        if inPlace, validate != nil {
            complaints.error(
                at: \Self.inPlace, "cannot go with validate: the file would be written before it is looked at")
        }
        if !marker.contains("{mark}") { complaints.error(at: \Self.marker, "must hold {mark}, for BEGIN and END") }
        if state == .present, block == nil { complaints.error(at: \Self.block, "is needed with state: present") }
        if TextLines(Array((block ?? "").utf8)).lines.contains(where: { $0 == begin || $0 == end }) {
            complaints.error(at: \Self.block, "must not hold a line that is one of its markers")
        }
    }

    package var claim: PathClaim? { .part(path) }
    package var label: String { name.map { "\(path): \($0)" } ?? path }

    private var begin: [UInt8] { line("BEGIN") }
    private var end: [UInt8] { line("END") }

    private func line(_ mark: String) -> [UInt8] {
        Array((marker.replacing("{mark}", with: mark) + (name.map { " " + $0 } ?? "")).utf8)
    }

    private var file: TextFileEdit {
        TextFileEdit(
            path: path, ownership: Ownership(mode: mode, owner: owner, group: group), create: create, backup: backup,
            validate: validate, inPlace: inPlace, isSecret: sensitive)
    }

    package func probe(_ request: inout ProbeRequest) { file.probe(&request) }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        var comparison = Comparison()
        if state == .absent, try host.status(path) == nil { return comparison }
        try file.apply(&host, &comparison) { (text) throws(ResourceFault) in try edit(&text) }
        return comparison
    }

    private func edit(_ text: inout TextLines) throws(ResourceFault) {
        let wanted = state == .absent ? [] : [begin] + TextLines(Array((block ?? "").utf8)).lines + [end]
        let start = text.lines.indices.last { text.text($0).elementsEqual(begin) }
        let stop = text.lines.indices.last { text.text($0).elementsEqual(end) }
        switch (start, stop) {
        case (nil, nil):
            if !wanted.isEmpty {
                text.insert(wanted, at: try LinePlace(after: insertAfter, before: insertBefore).index(in: text))
            }
        case (let start?, let stop?) where start < stop:
            text.lines.replaceSubrange(start...stop, with: wanted)
        default:
            throw ResourceFault(
                "\(path) has one of the marker lines \"\(String(decoding: begin, as: UTF8.self))\" and "
                    + "\"\(String(decoding: end, as: UTF8.self))\" without the other, or in the wrong order: mend it by hand"
            )
        }
    }
}
