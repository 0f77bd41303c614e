/// The first line of `systemctl --version`: `systemd 252 (252.39-1~deb12u2)`, `systemd 257~rc1 (…)`.
package enum SystemdVersion {
    package static func parse(_ text: String) -> Int? {
        let words = text.prefix { !$0.isNewline }.split(separator: " ")
        guard words.count > 1, words[0] == "systemd" else { return nil }
        return Int(words[1].prefix { $0.isASCII && $0.isNumber })
    }
}
