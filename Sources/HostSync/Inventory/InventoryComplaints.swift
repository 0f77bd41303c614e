import Settings

/// Where something was declared, for complaints.
struct InventoryPlace: Hashable, Sendable {
    var file: String
    var position: SourcePosition
    var path: SettingsPath

    init(_ file: String, _ position: SourcePosition = .start, _ path: SettingsPath = SettingsPath()) {
        self.file = file
        self.position = position
        self.path = path
    }

    func below(_ key: String, at position: SourcePosition? = nil) -> InventoryPlace {
        InventoryPlace(file, position ?? self.position, path.appending(.key(key)))
    }

    func moved(to position: SourcePosition) -> InventoryPlace { InventoryPlace(file, position, path) }

    func below(index: Int, at position: SourcePosition) -> InventoryPlace {
        InventoryPlace(file, position, path.appending(.index(index)))
    }
}

/// What is wrong with all sources, each once: a group's bad port is one complaint and not one for each host. At most
/// a thousand are kept, the rest counted.
struct InventoryComplaints {
    private static let limit = 1000

    private var all: [Complaint] = []
    private var known = Set<Complaint>()
    private var order: [String: Int] = [:]
    private var leftOut = 0
    private(set) var hasErrors = false

    mutating func add(_ severity: Complaint.Severity = .error, at place: InventoryPlace, _ message: String) {
        add(Complaint(severity, file: place.file, position: place.position, path: place.path, message))
    }

    mutating func add(_ complaint: Complaint) {
        if complaint.severity == .error { hasErrors = true }
        if order[complaint.file] == nil { order[complaint.file] = order.count }
        guard all.count < InventoryComplaints.limit else {
            leftOut += known.contains(complaint) ? 0 : 1
            return
        }
        if known.insert(complaint).inserted { all.append(complaint) }
    }

    /// File by file as they were first complained of, each in its order.
    var sorted: [Complaint] {
        var list = all.enumerated().sorted { left, right in
            let files = (order[left.element.file] ?? 0, order[right.element.file] ?? 0)
            if files.0 != files.1 { return files.0 < files.1 }
            let positions = (left.element.position, right.element.position)
            return positions.0 != positions.1 ? positions.0 < positions.1 : left.offset < right.offset
        }.map(\.element)
        if leftOut > 0, let last = list.last {
            list.append(Complaint(file: last.file, position: last.position, "… and \(leftOut) more"))
        }
        return list
    }
}

/// Text of a source as messages show it.
enum InventoryText {
    private static let longest = 60

    /// In double quotes and on one line, at most 60 characters of it.
    static func quoted(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(longest) { shown.append(isPrintable(scalar) ? scalar : "\u{FFFD}") }
        let isCut = text.unicodeScalars.dropFirst(longest).first != nil
        return Value.quoted(String(shown) + (isCut ? "…" : ""))
    }

    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: true
        }
    }

    /// Why `name` cannot name a host or a group: a clause, or nil where it can.
    ///
    /// What patterns are made of is refused, since nobody could choose such a host; so is what ssh would take for an
    /// option.
    static func objection(toName name: String, allowsColons: Bool = false) -> String? {
        guard let first = name.unicodeScalars.first else { return "a name must not be empty" }
        if name.utf8.count > 255 { return "a name has at most 255 bytes" }
        if "-!&~".unicodeScalars.contains(first) { return "a name must not begin with \(first)" }
        for scalar in name.unicodeScalars {
            if scalar.properties.isWhitespace || !isPrintable(scalar) {
                return "a name must not hold white space or control characters"
            }
            if ",[]*?\"'\\$`=(){}<>|;".unicodeScalars.contains(scalar) || (scalar == ":" && !allowsColons) {
                return "a name must not hold \(scalar)"
            }
        }
        return nil
    }
}
