/// A second reading of RFC 9112 for requests, slow and plain: whole lines, arrays, no sharing with the parser. What it makes
/// of a head must be what the parser makes of it. Limits are the parser's own matter.
struct NaiveRequest {
    var summary = ""
    /// Bytes of the head.
    var count = 0

    /// Nil when there is no whole head in `input`; an empty summary when it is refused.
    init?(_ input: [UInt8]) {
        let start = input.starts(with: [13, 10]) ? 2 : 0
        guard let end = NaiveHead.end(of: input, from: start) else { return nil }
        count = end
        guard let lines = NaiveHead.lines(Array(input[start..<(end - 4)])),
            let head = NaiveHead(fieldLines: Array(lines.dropFirst())), let first = lines.first,
            let text = NaiveRequest.read(first, head)
        else { return }
        summary = text
    }

    private static func read(_ line: [UInt8], _ head: NaiveHead) -> String? {
        let parts = line.split(separator: 32, omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(NaiveHead.isToken), parts[0].count <= 32,
            let minor = NaiveHead.minor(parts[2]), !parts[1].isEmpty,
            parts[1].allSatisfy({ $0 > 32 && $0 < 127 && $0 != 35 })
        else { return nil }
        let method = NaiveHead.text(parts[0])
        let hosts = head.values("host")
        guard hosts.count <= 1, minor == 0 || hosts.count == 1, hosts.allSatisfy(NaiveHead.isAuthority),
            let target = NaiveTarget(NaiveHead.text(parts[1]), method),
            let framing = head.requestFraming(minor, method),
            let continues = head.expectsContinue(minor, hasBody: framing != "none" && framing != "length(0)")
        else { return nil }
        var words = [method, target.path, "host=" + (target.authority ?? hosts.first ?? "")]
        words += target.notes + head.common(minor, framing)
        if continues { words.append("continue") }
        if head.items("te").contains("trailers") { words.append("trailers") }
        guard let passed = head.passed(minor) else { return nil }
        return (words + passed).joined(separator: " ")
    }
}

/// The four forms of a target (RFC 9112 section 3.2).
private struct NaiveTarget {
    /// Path and query.
    var path = ""
    var authority: String?
    var notes: [String] = []

    init?(_ text: String, _ method: String) {
        if method == "CONNECT" {
            guard NaiveHead.isAuthority(text), let port = NaiveHead.port(text), port > 0 else { return nil }
            (authority, notes) = (text, ["form=authority"])
        } else if text.hasPrefix("/") {
            path = text
        } else if text == "*" {
            guard method == "OPTIONS" else { return nil }
            (path, notes) = ("*", ["form=asterisk"])
        } else {
            let scheme = text.prefix { $0 != ":" }
            guard ["http", "https"].contains(scheme.lowercased()) else { return nil }
            let rest = text.dropFirst(scheme.count)
            guard rest.hasPrefix("://") else { return nil }
            let name = rest.dropFirst(3).prefix { $0 != "/" && $0 != "?" }
            guard NaiveHead.isAuthority(String(name)) else { return nil }
            path = String(rest.dropFirst(3 + name.count))
            (authority, notes) = (String(name), ["form=absolute", "scheme=\(scheme)"])
        }
    }
}
