package import Settings

/// Shell text and rules shared by what a host fetches itself: `download` and `archive`.
enum RemoteAddress {
    /// `sha256:` and 64 hexadecimal digits: the digits, in small letters.
    static func digest(_ checksum: String) -> String { String(checksum.dropFirst(7)) }

    /// Fetches `url` into the file `target` (a word, quoted). Address and headers may hold secrets: they go to the
    /// program by a file that only we can read, never on its command line.
    static func fetch(_ url: String, headers: OrderedMap<String>, into target: String, _ steps: inout StepScript) {
        let lines = headers.map { "\($0.key): \($0.value)" }
        let curl = steps.unpacked(
            .bytes(
                Array(
                    (["url = \(quoted(url))"] + lines.map { "header = \(quoted($0))" }).map { $0 + "\n" }.joined().utf8)
            ))
        let wget = steps.unpacked(.bytes(Array(lines.map { "header = \($0)\n" }.joined().utf8)))
        let list = steps.unpacked(.bytes(Array((url + "\n").utf8)))
        let busybox =
            headers.isEmpty
            ? "wget -q -O \(target) -- \"$(cat \(list))\""
            : "apus_say 'headers need curl or GNU wget on the host'"
        steps.text(
            """
            if command -v curl >/dev/null 2>&1; then
            curl -q --fail --silent --show-error --location --connect-timeout 30 --retry 2 -o \(target) -K \(curl)
            elif wget --version 2>/dev/null | grep -q GNU; then
            wget -nv --config=\(wget) --tries=3 --timeout=60 -O \(target) -i \(list)
            elif command -v wget >/dev/null 2>&1; then
            \(busybox)
            else apus_say 'there is neither curl nor wget on the host'; fi
            """)
    }

    /// Compares the file at `target` (a word, quoted) with the digest; a wrong one is not kept.
    static func verify(_ target: String, _ digest: String, _ steps: inout StepScript) {
        steps.text("apus_digest \(target)")
        steps.text(
            "[ \"$h\" = \(digest) ] || { rm -f \(target); apus_say \"the checksum is sha256:$h, not the declared one\"; }"
        )
    }

    /// A string of curl's configuration.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Without user information and query, which may be secrets.
    static func shown(_ url: String) -> String {
        var text = String(url.prefix { $0 != "?" && $0 != "#" })
        if let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].lastIndex(of: "@"),
            !text[scheme.upperBound..<at].contains("/")
        {
            text.removeSubrange(scheme.upperBound...at)
        }
        return text
    }

    /// A name of letters, digits and dashes, and a value of one line.
    static func isHeader(_ name: String, _ value: String) -> Bool {
        !name.isEmpty && RepositoryFormat.isKey(name)
            && value.utf8.allSatisfy { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }
    }
}

extension ValueFormat where Value == String {
    /// What the host's own curl or wget fetches.
    package static var remoteURL: ValueFormat {
        parsed(
            name: "an address", allowed: "beginning with https://, http://, ftp:// or file://",
            pattern: "^(https?|ftp|file)://\\S+$",
            parse: { text in
                let schemes = ["https://", "http://", "ftp://", "file://"]
                let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
                return isPlain && schemes.contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count }
                    ? text : nil
            }, render: { RemoteAddress.shown($0) })
    }

    /// `sha256:` and 64 hexadecimal digits, kept in small letters.
    package static var checksum: ValueFormat {
        parsed(
            name: "a checksum", allowed: "sha256: and 64 hexadecimal digits", pattern: "^sha256:[0-9A-Fa-f]{64}$",
            parse: { text in
                let digits = text.dropFirst(7)
                let isRight = text.hasPrefix("sha256:") && digits.utf8.count == 64 && digits.allSatisfy(\.isHexDigit)
                return isRight && digits.utf8.count == digits.count ? text.lowercased() : nil
            }, render: { $0 })
    }
}
