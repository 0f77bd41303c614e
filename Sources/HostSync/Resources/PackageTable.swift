/// What `PackageManager`'s queries answered, read for one comparison. Lines that do not read as asked are passed over.
struct PackageTable {
    struct Entry: Equatable {
        let architecture: String
        let version: String
        /// `hold ok installed` of dpkg; the epoch of rpm.
        let status: String
    }

    private(set) var manager: PackageManager?
    /// Seconds since the lists were refreshed; nil where that is not known, or where there are none.
    private(set) var listsAgeSeconds: Int?
    private(set) var hasNoLists = false
    private var entries: [String: [Entry]] = [:]
    private var provided: Set<String> = []
    private var candidates: [String: String] = [:]
    private var locks: Set<String> = []

    init(_ lines: [Substring]) {
        for line in lines {
            let fields = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
            switch (fields.first, fields.count) {
            case ("manager", 2): manager = PackageManager(rawValue: fields[1])
            case ("age", 2):
                listsAgeSeconds = Int(fields[1])
                hasNoLists = fields[1] == "none"
            case ("installed", 5):
                let entry = Entry(architecture: fields[2], version: fields[3], status: fields[4])
                entries[fields[1], default: []].append(entry)
            case ("provides", 3): takeProvided(fields[2])
            case ("candidate", 3) where fields[2] != "(none)": candidates[fields[1]] = fields[2]
            case ("lock", 2): locks.insert(PackageTable.lockedName(fields[1]))
            default: continue
            }
        }
    }

    /// `mail-transport-agent, perl-base (= 5.36)`
    private mutating func takeProvided(_ list: String) {
        for item in list.split(separator: ",") {
            if let name = item.split(separator: " ").first { provided.insert(String(name)) }
        }
    }

    /// Of one name the entries that are really installed.
    func installed(_ name: String) -> [Entry] { all(name).filter(isInstalled) }

    /// A package that dpkg unpacked and could not configure, or whose removal left its configuration: its state.
    func unfinished(_ name: String) -> String? {
        guard manager == .apt, installed(name).isEmpty else { return nil }
        let state = all(name).first?.status.split(separator: " ").last.map(String.init)
        return state == "not-installed" ? nil : state
    }

    private func all(_ name: String) -> [Entry] {
        if let found = entries[name] { return found }
        // `libc6:i386` of dpkg, `glibc.i686` of rpm.
        for separator in [Character(":"), "."] {
            guard let mark = name.lastIndex(of: separator) else { continue }
            let architecture = name[name.index(after: mark)...]
            let found = (entries[String(name[..<mark])] ?? []).filter { $0.architecture == architecture }
            if !found.isEmpty { return found }
        }
        return []
    }

    private func isInstalled(_ entry: Entry) -> Bool {
        manager != .apt || entry.status.hasSuffix(" installed")
    }

    /// Whether something that is installed stands in for `name`, which is no package.
    func isProvided(_ name: String) -> Bool { provided.contains(name) }

    func candidate(_ name: String) -> String? { candidates[name] }

    func isHeld(_ name: String) -> Bool {
        if manager == .apt { return all(name).contains { $0.status.hasPrefix("hold ") } }
        return locks.contains(name)
    }

    /// Whether the version is the one wanted: exactly, or up to the `*` at its end. Of rpm, release and epoch may be
    /// left out.
    static func matches(_ entry: Entry, _ wanted: String, _ manager: PackageManager?) -> Bool {
        if let prefix = wanted.hasSuffix("*") ? wanted.dropLast() : nil {
            return entry.version.hasPrefix(prefix) || epochs(entry, manager).hasPrefix(prefix)
        }
        if entry.version == wanted { return true }
        switch manager {
        case .dnf, .yum, .zypper:
            let plain = entry.version.prefix { $0 != "-" }
            return plain == wanted || epochs(entry, manager) == wanted
        default: return false
        }
    }

    private static func epochs(_ entry: Entry, _ manager: PackageManager?) -> String {
        switch manager {
        case .dnf, .yum, .zypper: "\(Int(entry.status) ?? 0):\(entry.version)"
        default: entry.version
        }
    }

    /// `nginx-0:1.20.1-1.el9.*` of dnf's version lock is a lock of nginx.
    private static func lockedName(_ text: String) -> String {
        guard let colon = text.firstIndex(of: ":"), let dash = text[..<colon].lastIndex(of: "-") else { return text }
        return String(text[..<dash])
    }
}
