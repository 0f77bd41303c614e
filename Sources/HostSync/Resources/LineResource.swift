package import Settings

/// `line`: one line of a text file that somebody else keeps.
///
/// The last line that `regexp` matches is replaced; where none does, the line is inserted unless it is there already. A
/// line that its own `regexp` does not match would be added by every run, and is refused.
package struct LineResource: Resource, SensitiveResource {
    package static let keyword = "line"
    package static let summary = "One line in a text file, found by a regular expression and replaced or inserted."

    package var path = ""
    package var line: String?
    package var regexp: String?
    package var state = DeclaredState.present
    package var insertAfter: String?
    package var insertBefore: String?
    package var create = false
    package var backrefs = false
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
            SettingsField("line", \.line, .oneLine, "The line as it is to be."),
            SettingsField(
                "regexp", \.regexp, .oneLine,
                "A POSIX extended regular expression: the last line that it matches is replaced (with state: absent, all are removed)."
            ),
            DeclaredState.field(\.state, "Whether the line is to be there."),
            SettingsField(
                "insertAfter", \.insertAfter, .oneLine,
                "Where a new line goes: after the last line that this regular expression matches, or EOF (the default)."
            ),
            SettingsField(
                "insertBefore", \.insertBefore, .oneLine,
                "Where a new line goes: before the last line that this regular expression matches, or BOF."),
            SettingsField("create", \.create, .bool, "Make the file when there is none."),
            SettingsField(
                "backrefs", \.backrefs, .bool,
                "Let the line use \\1 to \\9, what the groups of regexp matched; nothing is inserted where it matches nothing."
            ),
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
        for (key, pattern) in [("regexp", regexp), ("insertAfter", insertAfter), ("insertBefore", insertBefore)] {
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
        if backrefs, regexp == nil || state == .absent {
            complaints.error(at: \Self.backrefs, "needs regexp, and state: present")
        }
        switch (state, line, regexp) {
        case (.present, nil, _): complaints.error(at: \Self.line, "is needed with state: present")
        case (.absent, nil, nil): complaints.error(at: \Self.state, "needs line or regexp to say what is to be absent")
        case (.present, let line?, let regexp?) where !backrefs:
            if let pattern = try? LinePattern(regexp), !pattern.matches(Array(line.utf8)) {
                complaints.error(at: \Self.line, "does not match its own regexp: each run would add it again")
            }
        default: break
        }
    }

    package var claim: PathClaim? { .part(path) }
    package var label: String { sensitive ? path : "\(path): \(regexp ?? line ?? "")" }

    private var file: TextFileEdit {
        TextFileEdit(
            path: path, ownership: Ownership(mode: mode, owner: owner, group: group), create: create, backup: backup,
            validate: validate, inPlace: inPlace, isSecret: sensitive)
    }

    package func probe(_ request: inout ProbeRequest) { file.probe(&request) }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        var comparison = Comparison()
        if state == .absent || backrefs, try host.status(path) == nil { return comparison }
        let edit = LineEdit(
            line: line.map { Array($0.utf8) }, regexp: regexp,
            place: LinePlace(after: insertAfter, before: insertBefore),
            usesGroups: backrefs)
        try file.apply(&host, &comparison) { (text) throws(ResourceFault) in
            switch state {
            case .present: try edit.put(&text)
            case .absent: try edit.remove(&text)
            }
        }
        return comparison
    }
}

/// What `line` does to the lines of a file.
struct LineEdit {
    let line: [UInt8]?
    var regexp: String?
    var place = LinePlace.end
    var usesGroups = false

    func put(_ text: inout TextLines) throws(ResourceFault) {
        guard let line else { return }
        if let regexp {
            let pattern = try LinePattern(regexp)
            for place in text.lines.indices.reversed() {
                guard let groups = pattern.match(text.text(place)) else { continue }
                return text.replace(place, usesGroups ? LineEdit.expand(line, Array(text.text(place)), groups) : line)
            }
            if usesGroups { return }
        }
        if text.lines.indices.contains(where: { text.text($0).elementsEqual(line) }) { return }
        text.insert([line], at: try place.index(in: text))
    }

    func remove(_ text: inout TextLines) throws(ResourceFault) {
        if let regexp {
            let pattern = try LinePattern(regexp)
            text.lines = text.lines.filter { !pattern.matches($0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0[...]) }
        } else if let line {
            text.lines = text.lines.filter { $0 != line && $0 != line + [UInt8(ascii: "\r")] }
        }
    }

    /// `\0` to `\9` are what the groups matched (nothing where one took no part), `\\` is a backslash.
    static func expand(_ line: [UInt8], _ matched: [UInt8], _ groups: [Range<Int>?]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = line[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.first else {
                result.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let number = Int(next - UInt8(ascii: "0"))
                if number < groups.count, let range = groups[number] { result += matched[range] }
                rest.removeFirst()
            case UInt8(ascii: "\\"):
                result.append(next)
                rest.removeFirst()
            default: result.append(byte)
            }
        }
        return result
    }
}
