/// Field lines as an array of strings, and the rules about them, written down once more and slowly.
struct NaiveHead {
    private var fields: [(name: String, value: String)] = []

    /// Nil when a line is malformed.
    init?(fieldLines: [[UInt8]]) {
        for line in fieldLines {
            guard let colon = line.firstIndex(of: 58), colon > 0, line[..<colon].allSatisfy(NaiveHead.isToken),
                colon <= 1024
            else { return nil }
            let value = line[(colon + 1)...]
            guard value.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 }) else { return nil }
            fields.append((NaiveHead.text(line[..<colon]), NaiveHead.trimmed(value)))
        }
    }

    /// The end of the first empty line.
    static func end(of input: [UInt8], from start: Int) -> Int? {
        guard input.count >= start + 4 else { return nil }
        for index in start...(input.count - 4) where input[index] == 13 && input[index + 1] == 10 {
            if input[index + 2] == 13 && input[index + 3] == 10 { return index + 4 }
        }
        return nil
    }

    /// Lines between CRLFs; nil when a CR or LF stands alone.
    static func lines(_ bytes: [UInt8]) -> [[UInt8]]? {
        var lines: [[UInt8]] = [[]]
        var index = 0
        while index < bytes.count {
            if bytes[index] == 13, index + 1 < bytes.count, bytes[index + 1] == 10 {
                lines.append([])
                index += 1
            } else if bytes[index] == 13 || bytes[index] == 10 {
                return nil
            } else {
                lines[lines.count - 1].append(bytes[index])
            }
            index += 1
        }
        return lines
    }

    func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name }.map(\.value)
    }

    /// The items of a list in lower case.
    func items(_ name: String) -> [String] {
        values(name).flatMap { value in
            value.utf8.split(separator: 44).map { NaiveHead.trimmed(Array($0)[...]).lowercased() }.filter {
                !$0.isEmpty
            }
        }
    }

    func requestFraming(_ minor: Int, _ method: String) -> String? {
        let lengths = values("content-length")
        guard lengths.count <= 1, let chunked = isChunked(minor) else { return nil }
        if chunked { return method == "TRACE" ? nil : "chunked" }
        guard let first = lengths.first else { return "none" }
        guard let length = NaiveHead.length(first), method != "TRACE" || length == 0 else { return nil }
        return "length(\(length))"
    }

    /// Nil when Transfer-Encoding is there and is not `chunked` alone in HTTP/1.1 without Content-Length.
    func isChunked(_ minor: Int) -> Bool? {
        let codings = values("transfer-encoding")
        if codings.isEmpty { return false }
        guard codings.count == 1, codings[0].lowercased() == "chunked", minor > 0, values("content-length").isEmpty
        else { return nil }
        return true
    }

    static func length(_ text: String) -> UInt64? {
        guard !text.isEmpty, text.utf8.count < 20, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return UInt64(text).flatMap { $0 <= UInt64(Int64.max) ? $0 : nil }
    }

    func expectsContinue(_ minor: Int, hasBody: Bool) -> Bool? {
        let values = values("expect")
        if values.isEmpty || minor == 0 { return false }
        return values.map { $0.lowercased() } == ["100-continue"] ? hasBody : nil
    }

    func common(_ minor: Int, _ framing: String) -> [String] {
        let options = items("connection")
        let kept = !options.contains("close") && (minor > 0 || options.contains("keep-alive"))
        var words = ["body=\(framing)", kept ? "keep" : "close"]
        if minor == 0 { words.append("minor=0") }
        let upgrade = values("upgrade")
        if minor > 0, options.contains("upgrade"), upgrade.count == 1, !upgrade[0].isEmpty {
            words.append("upgrade=" + upgrade[0])
        }
        return words
    }

    /// The fields to pass on; nil when Connection names too many.
    func passed(_ minor: Int) -> [String]? {
        let known: Set = ["close", "keep-alive", "upgrade", "te"]
        let named = items("connection").filter { !known.contains($0) }
        guard named.count <= 64 else { return nil }
        var dropped: Set = [
            "connection", "content-length", "transfer-encoding", "upgrade", "te", "keep-alive", "proxy-connection",
            "http2-settings", "host",
        ]
        if minor == 0 { dropped.insert("expect") }
        return fields.filter { field in
            let name = field.name.lowercased()
            return !dropped.contains(name) && !named.contains(name)
        }.map { "\($0.name)=\($0.value)" }
    }
}

extension NaiveHead {
    static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        let front = bytes.drop(while: isBlank)
        guard let last = front.lastIndex(where: { !isBlank($0) }) else { return "" }
        return text(front[...last])
    }

    static func isToken(_ byte: UInt8) -> Bool {
        tokens[Int(byte)]
    }

    private static let tokens: [Bool] = {
        let set = Set(
            "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        return (0...255).map { set.contains($0) }
    }()
    private static let hosts = Set("-_~.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

    static func minor(_ version: [UInt8]) -> Int? {
        guard version.count == 8, version.starts(with: Array("HTTP/1.".utf8)), (48...57).contains(version[7]) else {
            return nil
        }
        return version[7] == 48 ? 0 : 1
    }

    /// The number behind the last colon; nil when there is none.
    static func port(_ text: String) -> Int? {
        guard let colon = text.utf8.lastIndex(of: 58) else { return nil }
        return Int(text[colon...].dropFirst())
    }

    static func isAuthority(_ text: String) -> Bool {
        var host = Substring(text)
        if let colon = text.utf8.lastIndex(of: 58), !text.hasSuffix("]") {
            let digits = text[colon...].dropFirst()
            guard digits.utf8.count <= 5, digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return false }
            guard port(text) ?? 0 <= 65_535 else { return false }
            host = text[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { return isIPv6(String(host.dropFirst().dropLast())) }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let meant = labels.count > 1 && labels.last == "" ? labels.dropLast() : labels[...]
        return meant.allSatisfy { !$0.isEmpty } && host.utf8.allSatisfy(hosts.contains) && host.utf8.count <= 255
    }
}
