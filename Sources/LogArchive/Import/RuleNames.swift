import Glibc

/// Names for imported rules, after their files and logs.
///
/// The first rule that matches a log has it, and rules come in the order of their names. Where two of them could match the same
/// log and the order would change, all names get a number in front.
enum RuleNames {
    private static let longest = 100
    /// Beyond it the comparison of each with each takes too long, and names are numbered.
    private static let mostCompared = 300

    static func names(_ rules: [(file: String, paths: [String])]) -> [String] {
        var count: [String: Int] = [:]
        for rule in rules { count[rule.file, default: 0] += 1 }
        var taken = Set<String>()
        let names = rules.map { rule in
            let file = part(stem(rule.file, ending: ".conf"))
            let log = count[rule.file] == 1 ? "" : part(logName(rule.paths.first ?? ""))
            let wanted = log.isEmpty || log == file ? file : file.isEmpty ? log : "\(file)-\(log)"
            return unique(wanted.isEmpty ? "rule" : wanted, &taken)
        }
        guard changesOwner(names, rules.map(\.paths)) else { return names }
        let width = String(rules.count).utf8.count
        return names.enumerated().map { index, name in
            let digits = String(index + 1)
            return String(repeating: "0", count: width - digits.utf8.count) + digits + "-" + name
        }
    }

    private static func unique(_ name: String, _ taken: inout Set<String>) -> String {
        if taken.insert(name).inserted { return name }
        var number = 2
        while !taken.insert("\(name)-\(number)").inserted { number += 1 }
        return "\(name)-\(number)"
    }

    private static func stem(_ path: String, ending: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(ending) && name.utf8.count > ending.utf8.count
            ? String(name.dropLast(ending.count)) : name
    }

    /// `term` of `/var/log/apt/term.log`; of `/var/log/apt/*.log` the folder's name.
    private static func logName(_ path: String) -> String {
        let name = stem(path, ending: ".log")
        if part(name).isEmpty || name.contains("*") {
            return path.split(separator: "/").dropLast().last.map { String($0) + "-" + part(name) } ?? name
        }
        return name
    }

    /// What of `text` can be in a rule's name.
    private static func part(_ text: String) -> String {
        let kept = text.utf8.map { byte -> UInt8 in
            let isKept =
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "._-".utf8.contains(byte)
            return isKept ? byte : UInt8(ascii: "-")
        }
        var name = kept.prefix(longest)[...]
        while let first = name.first, "._-".utf8.contains(first) { name.removeFirst() }
        while let last = name.last, "._-".utf8.contains(last) { name.removeLast() }
        return String(decoding: name, as: UTF8.self)
    }

    private static func changesOwner(_ names: [String], _ paths: [[String]]) -> Bool {
        guard names.count <= mostCompared else { return true }
        for later in names.indices {
            for earlier in 0..<later
            where !names[earlier].utf8.lexicographicallyPrecedes(names[later].utf8)
                && mayMeet(paths[earlier], paths[later])
            {
                return true
            }
        }
        return false
    }

    private static func mayMeet(_ left: [String], _ right: [String]) -> Bool {
        left.prefix(100).contains { one in right.prefix(100).contains { mayMeet(one, $0) } }
    }

    /// Whether a path can match both patterns; of two with wildcards only their fixed beginnings are compared.
    private static func mayMeet(_ left: String, _ right: String) -> Bool {
        let (leftStart, rightStart) = (fixed(left), fixed(right))
        if leftStart == nil, rightStart == nil { return left == right }
        if leftStart == nil { return fnmatch(right, left, 0) == 0 }
        if rightStart == nil { return fnmatch(left, right, 0) == 0 }
        return leftStart?.hasPrefix(rightStart ?? "") == true || rightStart?.hasPrefix(leftStart ?? "") == true
    }

    /// What stands before the first wildcard; nil without one.
    private static func fixed(_ pattern: String) -> String? {
        pattern.firstIndex { "*?[\\".contains($0) }.map { String(pattern[..<$0]) }
    }
}
