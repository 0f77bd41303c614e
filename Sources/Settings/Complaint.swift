/// One thing that is wrong (or doubtful) in a declaration: where, which key, what, and what is allowed instead.
///
/// It never holds the value of a secret nor of a resolved reference: those stand as the file writes them
/// (`${env:TOKEN}`).
package struct Complaint: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Severity: Hashable, Sendable {
        /// The file is refused.
        case error
        /// The file is taken; `apus check` says it all the same.
        case warning
    }

    package var severity: Severity
    package var file: String
    package var position: SourcePosition
    /// Empty when the complaint concerns the file and not a key (a syntax error).
    package var path: SettingsPath
    package var message: String

    package init(
        _ severity: Severity = .error, file: String, position: SourcePosition, path: SettingsPath = SettingsPath(),
        _ message: String
    ) {
        self.severity = severity
        self.file = file
        self.position = position
        self.path = path
        self.message = message
    }

    /// `file:line:column: key.path: message`, with `warning: ` before the path where it is one.
    package var description: String {
        let start = "\(Displayed.name(file)):\(position): "
        let mark = severity == .warning ? "warning: " : ""
        return start + mark + (path.isEmpty ? message : "\(path): \(message)")
    }
}

/// The complaints of one file, bounded: a file of 100,000 wrong keys is answered with the first thousand.
struct ComplaintList {
    static let limit = 1000

    private(set) var all: [Complaint] = []
    private(set) var errorCount = 0
    private(set) var leftOut = 0

    /// True when another complaint would only be counted, so that its text need not be made.
    var isFull: Bool { all.count >= ComplaintList.limit }

    mutating func add(_ complaint: Complaint) {
        if complaint.severity == .error { errorCount += 1 }
        if isFull { leftOut += 1 } else { all.append(complaint) }
    }

    mutating func add(contentsOf list: ComplaintList) {
        for complaint in list.all { add(complaint) }
        errorCount += list.leftOut
        leftOut += list.leftOut
    }

    /// In the order of the file, each once, and how many more there were.
    func sorted(file: String) -> [Complaint] {
        var known = Set<Complaint>()
        var list = all.filter { known.insert($0).inserted }
        list.sort { left, right in
            if left.position != right.position { return left.position < right.position }
            let paths = (left.path.description, right.path.description)
            return paths.0 != paths.1 ? paths.0 < paths.1 : left.message < right.message
        }
        if leftOut > 0, let last = list.last {
            list.append(Complaint(file: file, position: last.position, "… and \(leftOut) more"))
        }
        return list
    }
}
