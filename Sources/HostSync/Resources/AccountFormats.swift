import Base
package import Settings

extension ValueFormat where Value == String {
    /// The name of a user or group as useradd(8) takes it; no number.
    package static var accountName: ValueFormat {
        parsed(
            name: "an account's name", allowed: "a letter or _, then letters, digits, . _ and -",
            pattern: "^[A-Za-z_][A-Za-z0-9_.-]{0,30}\\$?$",
            parse: { AccountName.isGood($0) ? $0 : nil }, render: { $0 })
    }

    /// A field of passwd(5): one line without a colon.
    package static var accountField: ValueFormat {
        parsed(
            name: "text of one line without a colon", pattern: "^[^:\\n]*$",
            numbers: -Double.infinity...Double.infinity,
            parse: { text in
                text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") } ? text : nil
            }, render: { $0 })
    }

    /// Groups by name, or by number.
    package static var groupName: ValueFormat {
        parsed(
            name: "a group", allowed: "a name or a number", pattern: "^([0-9]+|[A-Za-z_][A-Za-z0-9_.-]*\\$?)$",
            numbers: 0...4_294_967_294,
            parse: { AccountName.isGood($0) || AccountName.isNumber($0) ? $0 : nil }, render: { $0 })
    }
}

extension ValueFormat where Value == Secret {
    /// A secret that stands in the declarations, where variables have been filled in already. It is never shown; what
    /// is wrong with it is for `check(_:)` to say.
    static var declaredSecret: ValueFormat {
        parsed(
            name: "a secret", pattern: "^.+$", numbers: -Double.infinity...Double.infinity,
            parse: { Secret($0) }, render: { $0.description })
    }
}

/// The last day of an account.
package enum AccountExpiry: Sendable, Equatable {
    case never
    /// Days since 1970-01-01, and the date as it was written.
    case day(Int, text: String)

    var days: Int? { if case .day(let days, _) = self { days } else { nil } }
    var text: String { if case .day(_, let text) = self { text } else { "never" } }

    init?(_ text: String) {
        if text == "never" {
            self = .never
            return
        }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 4, parts[1].utf8.count == 2, parts[2].utf8.count == 2,
            parts.allSatisfy({ AccountName.isNumber(String($0)) }), let year = Int(parts[0]),
            let month = Int(parts[1]), let day = Int(parts[2]), (1970...9999).contains(year),
            (1...12).contains(month)
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[month - 1]).contains(day) else { return nil }
        let before = year - 1
        let years = before * 365 + before / 4 - before / 100 + before / 400 - 719_162
        self = .day(years + lengths.prefix(month - 1).reduce(0, +) + day - 1, text: text)
    }
}

extension ValueFormat where Value == AccountExpiry {
    package static var expiry: ValueFormat {
        parsed(
            name: "a date", allowed: "YYYY-MM-DD, or never", pattern: "^(never|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
            parse: { AccountExpiry($0) }, render: { $0.text })
    }
}

enum AccountName {
    static func isGood(_ text: String) -> Bool {
        let body = text.utf8.last == UInt8(ascii: "$") ? text.utf8.dropLast() : text.utf8[...]
        guard let first = body.first, (1...32).contains(text.utf8.count) else { return false }
        return (isLetter(first) || first == UInt8(ascii: "_"))
            && body.allSatisfy { isLetter($0) || isDigit($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }

    static func isNumber(_ text: String) -> Bool { (1...10).contains(text.utf8.count) && text.utf8.allSatisfy(isDigit) }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
