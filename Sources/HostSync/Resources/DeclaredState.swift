package import Settings

/// Whether a declared thing is to be there; what a kind's `state` key says.
package enum DeclaredState: String, Sendable, CaseIterable {
    case present, absent

    static func field<Group>(
        _ path: any WritableKeyPath<Group, DeclaredState> & Sendable, _ summary: String
    ) -> SettingsField<Group> {
        SettingsField("state", path, .choice(), summary)
    }
}

extension ValueFormat where Value == String {
    /// Text of one line without control characters other than the tab; it may be empty.
    package static var oneLine: ValueFormat {
        parsed(
            name: "text of one line", pattern: "^[^\\n\\r]*$",
            numbers: -Double.infinity...Double.infinity,
            parse: { text in text.utf8.allSatisfy { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F } ? text : nil },
            render: { $0 })
    }

    /// A word as the tables of /etc have it: no white space, no control character, not empty.
    package static var word: ValueFormat {
        parsed(
            name: "a word", allowed: "without white space", pattern: "^\\S+$",
            numbers: -Double.infinity...Double.infinity,
            parse: { text in
                !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } ? text : nil
            }, render: { $0 })
    }

    /// A name that becomes a file's: letters, digits, `-` and `_`. cron(8) and run-parts(8) pass over all others.
    package static var plainName: ValueFormat {
        parsed(
            name: "a name", allowed: "letters, digits, - and _", pattern: "^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$",
            parse: { text in
                let isPlain = text.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
                return isPlain && (1...100).contains(text.utf8.count) && !text.hasPrefix("-") ? text : nil
            }, render: { $0 })
    }
}
