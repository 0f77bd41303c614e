import Base
import Glibc
import Settings
import Testing

/// One file of `Golden/`: comments, then parts that each begin with a line `=== NAME`. See `Golden/README.md`.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    let name: String
    var input: [UInt8] = []
    var references = FixedReferences()
    var complaints: [String] = []
    var printed: String?

    var testDescription: String { name }

    /// Found beside the source, so that the package needs no resources.
    static let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex)) + "/Golden"

    static func all() throws -> [GoldenCase] {
        guard let entries = opendir(folder) else { throw Files.failure("read-failed", "cannot open \(folder)") }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".case") { names.append(name) }
        }
        return try names.sorted().map { try GoldenCase(name: $0, text: Files.read("\(folder)/\($0)")) }
    }

    init(name: String, text: [UInt8]) throws {
        self.name = name
        var part = ""
        var lines: [String] = []
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("=== ") {
                try take(part, lines)
                (part, lines) = (String(line.dropFirst(4)), [])
            } else {
                lines.append(String(line))
            }
        }
        // The file's own last newline is no line.
        if lines.last == "" { lines.removeLast() }
        try take(part, lines)
    }

    private mutating func take(_ part: String, _ lines: [String]) throws {
        let content = lines.map { $0 + "\n" }.joined()
        switch part {
        case "": break
        case "input": input = Array(content.utf8)
        case "input escaped": input = try GoldenCase.unescaped(content)
        case "complaints": complaints = lines.filter { !$0.isEmpty }
        case "print": printed = content
        case "env":
            for line in lines {
                guard let sign = line.firstIndex(of: "=") else { continue }
                references.environment[String(line[..<sign])] = String(line[line.index(after: sign)...])
            }
        case _ where part.hasPrefix("file "): references.files[String(part.dropFirst(5))] = content
        default: throw ApusError(code: "bad-case", "\(name) has an unknown part \(part)")
        }
    }

    /// Writes what is said now into the case, for a person to read and to keep (`UPDATE_GOLDEN=1 swift test`).
    func rewrite(_ result: SettingsResult) throws {
        let path = "\(GoldenCase.folder)/\(name)"
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        var kept = ""
        var isKept = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("=== ") { isKept = line != "=== complaints" && line != "=== print" }
            if isKept { kept += line + "\n" }
        }
        while kept.hasSuffix("\n\n") { kept.removeLast() }
        if !result.complaints.isEmpty {
            kept += "=== complaints\n" + result.complaints.map { $0.description.dropFirst(2) + "\n" }.joined()
        }
        if let file = result.file { kept += "=== print\n" + file.rendered() }
        try Files.writeAtomically(Array(kept.utf8), to: path)
    }

    /// `\xNN` is a byte; a line that ends in a backslash goes on without a newline.
    private static func unescaped(_ text: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "\n") {
                rest.removeFirst()
            } else if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x") {
                guard let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16) else {
                    throw ApusError(code: "bad-case", "wanted \\xNN")
                }
                bytes.append(value)
                rest.removeFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
