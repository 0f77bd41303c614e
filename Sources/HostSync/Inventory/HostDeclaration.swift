import Glibc

/// What declares hosts: a name, or a name with ranges (`web[01:50].example.org`, `db-[a:f]`, `n[0:10:2]`), each perhaps
/// with a port (`web1:2222`, `[2001:db8::1]:22`).
struct HostDeclaration {
    private static let mostRanges = 8

    /// A range counts numbers, padded with zeros to a width, or letters.
    private struct Range {
        var values: [Int]
        /// Zero: not padded.
        var width: Int
        var isLetters: Bool

        func text(_ index: Int) -> String {
            if isLetters { return String(UnicodeScalar(HostDeclaration.letters[values[index]])) }
            let digits = "\(values[index])"
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
    }

    private static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

    let port: Int?
    /// How many names there are; at most one more than `InventoryBuilder.mostMemberships`, whatever is asked for.
    let count: Int
    /// What stands before, between and after the ranges.
    private let literals: [String]
    private let ranges: [Range]

    init(parsing text: String) throws(InventoryProblem) {
        let (pattern, port) = try HostDeclaration.splitPort(text)
        self.port = port
        if HostDeclaration.isIPv6(pattern) {
            (literals, ranges, count) = ([pattern], [], 1)
            return
        }
        var literals: [String] = []
        var ranges: [Range] = []
        var rest = pattern[...]
        while let open = rest.firstIndex(of: "[") {
            guard let close = rest[open...].firstIndex(of: "]") else {
                throw InventoryProblem("found \(InventoryText.quoted(text)): a range is not closed by ]")
            }
            literals.append(String(rest[..<open]))
            ranges.append(try HostDeclaration.range(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        literals.append(String(rest))
        guard ranges.count <= HostDeclaration.mostRanges else {
            throw InventoryProblem(
                "found \(InventoryText.quoted(text)): more than \(HostDeclaration.mostRanges) ranges")
        }
        let most = InventoryBuilder.mostMemberships + 1
        count = ranges.reduce(1) { min(most, $0 * $1.values.count) }
        (self.literals, self.ranges) = (literals, ranges)
        let longest = name(ranges.map { $0.values.count - 1 })
        if let objection = InventoryText.objection(toName: name(ranges.map { _ in 0 }))
            ?? InventoryText.objection(toName: longest)
        {
            throw InventoryProblem("found \(InventoryText.quoted(text)) as a host: \(objection)")
        }
    }

    /// In order, the last range counting fastest.
    func names() -> [String] {
        var names: [String] = []
        names.reserveCapacity(count)
        var places = [Int](repeating: 0, count: ranges.count)
        while names.count < count {
            names.append(name(places))
            var turning = ranges.count - 1
            while turning >= 0 {
                places[turning] += 1
                if places[turning] < ranges[turning].values.count { break }
                places[turning] = 0
                turning -= 1
            }
        }
        return names
    }

    private func name(_ places: [Int]) -> String {
        var name = literals[0]
        for (index, range) in ranges.enumerated() { name += range.text(places[index]) + literals[index + 1] }
        return name
    }

    // MARK: Reading

    private static func splitPort(_ text: String) throws(InventoryProblem) -> (name: String, port: Int?) {
        if isIPv6(text) { return (text, nil) }
        var name = text[...]
        var digits: Substring?
        // A colon inside brackets is a range's, or an address's.
        if let colon = text.lastIndex(of: ":"), isBalanced(text[..<colon]) {
            name = text[..<colon]
            digits = text[text.index(after: colon)...]
        }
        if name.hasPrefix("["), name.hasSuffix("]"), isIPv6(String(name.dropFirst().dropLast())) {
            name = name.dropFirst().dropLast()
        }
        guard let digits else { return (String(name), nil) }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
            (1...65_535).contains(port)
        else {
            throw InventoryProblem(
                "found \(InventoryText.quoted(text)): after the colon a port from 1 to 65535 is wanted")
        }
        return (String(name), port)
    }

    private static func isBalanced(_ text: Substring) -> Bool {
        text.utf8.count { $0 == UInt8(ascii: "[") } == text.utf8.count { $0 == UInt8(ascii: "]") }
    }

    /// An address with colons, perhaps with a zone: `fe80::1%eth0`.
    static func isIPv6(_ text: String) -> Bool {
        guard text.utf8.contains(UInt8(ascii: ":")) else { return false }
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var address = in6_addr()
        guard let first = parts.first, inet_pton(AF_INET6, String(first), &address) == 1 else { return false }
        return parts.count == 1
            || !parts[1].isEmpty
                && parts[1].utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || [0x2D, 0x2E, 0x5F].contains($0)
                }
    }

    private static func range(_ text: Substring) throws(InventoryProblem) -> Range {
        let shown = InventoryText.quoted("[\(text)]")
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count) else {
            throw InventoryProblem("found the range \(shown), wanted [first:last] or [first:last:step]")
        }
        let (first, last) = (parts[0].isEmpty ? "0" : parts[0], parts[1])
        guard let step = parts.count == 3 ? number(parts[2]) : 1, step > 0 else {
            throw InventoryProblem("found the range \(shown): its step must be a whole number from 1")
        }
        if let low = letter(first), let high = letter(last) {
            guard low <= high else { throw InventoryProblem("found the range \(shown), which runs backwards") }
            return Range(values: Array(stride(from: low, through: high, by: step)), width: 0, isLetters: true)
        }
        guard let low = number(first), let high = number(last) else {
            throw InventoryProblem("found the range \(shown), wanted two numbers or two letters")
        }
        guard low <= high else { throw InventoryProblem("found the range \(shown), which runs backwards") }
        let isPadded = first.utf8.count > 1 && first.utf8.first == UInt8(ascii: "0")
        guard !isPadded || first.utf8.count == last.utf8.count else {
            throw InventoryProblem("found the range \(shown): with leading zeros both ends must be of one length")
        }
        guard (high - low) / step < InventoryBuilder.mostMemberships else {
            throw InventoryProblem("found the range \(shown), more than \(InventoryBuilder.mostMemberships) names")
        }
        let values = Array(stride(from: low, through: high, by: step))
        return Range(values: values, width: isPadded ? first.utf8.count : 0, isLetters: false)
    }

    private static func letter(_ text: String) -> Int? {
        text.utf8.count == 1 ? text.utf8.first.flatMap { letters.firstIndex(of: $0) } : nil
    }

    /// At most 18 digits: what a name could hold, and no sum of two overflows.
    private static func number(_ text: String) -> Int? {
        (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
}
