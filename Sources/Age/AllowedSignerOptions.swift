import Base
import Glibc

/// The options of an allowed signer: `namespaces="a,b"`, `valid-after="…"`, `valid-before="…"`. Others are refused.
struct AllowedSignerOptions {
    /// Patterns, of which one must match and none that starts with `!` may; nil allows every namespace.
    private var namespaces: [String]?
    /// Seconds since 1970, both themselves within.
    private var validAfter: Int64?
    private var validBefore: Int64?

    init() {}

    init(_ text: String, _ fields: AllowedSignerFields) throws(SSHSignatureError) {
        for option in AllowedSignerOptions.split(text) {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? AllowedSignerOptions.unquoted(String(parts[1])) : nil
            switch (parts[0].lowercased(), value) {
            case ("cert-authority", nil): throw fields.bad("certificates (cert-authority) are not supported")
            case ("namespaces", let value?) where namespaces == nil && !value.isEmpty:
                namespaces = value.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
            case ("valid-after", let value?) where validAfter == nil:
                validAfter = try AllowedSignerOptions.time(value, fields)
            case ("valid-before", let value?) where validBefore == nil:
                validBefore = try AllowedSignerOptions.time(value, fields)
            default: throw fields.bad("neither a type of key that is known, nor options as they are understood")
            }
        }
        if let validAfter, let validBefore, validBefore <= validAfter {
            throw fields.bad("valid-before is not after valid-after")
        }
    }

    /// At commas that do not stand in double quotes.
    private static func split(_ text: String) -> [String] {
        var options = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted { options.append("") } else { options[options.count - 1].append(character) }
        }
        return options
    }

    /// What stands between two double quotes; nil where they are missing.
    private static func unquoted(_ text: String) -> String? {
        guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return nil }
        let inner = text.dropFirst().dropLast()
        return inner.contains("\"") ? nil : String(inner)
    }

    /// Why these options refuse a signature; nil where they allow it.
    func refusal(namespace: String, now: WallInstant, line: Int) -> SSHSignatureError? {
        if let namespaces, !AllowedSignerOptions.matches(namespace, namespaces) {
            return .namespaceNotAllowed(namespace, line: line)
        }
        let seconds = now.nanosecondsSince1970 / 1_000_000_000
        if let validAfter, seconds < validAfter { return .notYetValid(line: line) }
        if let validBefore, seconds > validBefore { return .expired(line: line) }
        return nil
    }

    private static func matches(_ namespace: String, _ patterns: [String]) -> Bool {
        var isMatched = false
        for pattern in patterns {
            let isNegated = pattern.hasPrefix("!")
            let body = Array(isNegated ? pattern.utf8.dropFirst() : pattern.utf8[...])
            guard matches(Array(namespace.utf8), body) else { continue }
            if isNegated { return false }
            isMatched = true
        }
        return isMatched
    }

    /// PATTERNS of ssh_config(5): `*` for any run of bytes, `?` for one. It goes back to the last star only, so the
    /// time is bounded by the product of both lengths.
    private static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        var position = 0
        var index = 0
        var star: (index: Int, position: Int)?
        while position < text.count {
            if index < pattern.count, pattern[index] == UInt8(ascii: "*") {
                star = (index, position)
                index += 1
            } else if index < pattern.count, pattern[index] == UInt8(ascii: "?") || pattern[index] == text[position] {
                index += 1
                position += 1
            } else if let last = star {
                star = (last.index, last.position + 1)
                index = last.index + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, in UTC with a `Z` at the end and otherwise in the zone of this host.
    private static func time(_ text: String, _ fields: AllowedSignerFields) throws(SSHSignatureError) -> Int64 {
        let isUTC = text.utf8.last == UInt8(ascii: "Z")
        let digits = Array(isUTC ? text.utf8.dropLast() : text.utf8[...])
        guard [8, 12, 14].contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw fields.bad("a time is not YYYYMMDD or YYYYMMDDHHMM[SS], with or without Z")
        }
        func number(_ start: Int, _ count: Int) -> Int32 {
            digits.dropFirst(start).prefix(count).reduce(0) { $0 * 10 + Int32($1 - 0x30) }
        }
        var wanted = tm()
        wanted.tm_year = number(0, 4) - 1900
        wanted.tm_mon = number(4, 2) - 1
        wanted.tm_mday = number(6, 2)
        wanted.tm_hour = number(8, 2)
        wanted.tm_min = number(10, 2)
        wanted.tm_sec = number(12, 2)
        // timegm(3) takes the 31st of February and moves on; what it did not leave alone was no time.
        var moved = wanted
        let seconds = timegm(&moved)
        guard wanted.tm_mon == moved.tm_mon, wanted.tm_mday == moved.tm_mday, wanted.tm_hour == moved.tm_hour,
            wanted.tm_min == moved.tm_min, wanted.tm_sec == moved.tm_sec, seconds > 0
        else { throw fields.bad("a time that does not exist, or is before 1970") }
        guard !isUTC else { return Int64(seconds) }
        wanted.tm_isdst = -1
        return Int64(mktime(&wanted))
    }
}
