package import Base
import Glibc

/// The profiles of `~/.aws/credentials` and `~/.aws/config`, merged: keys of the former count.
///
/// The format is AWS's INI: `[name]` (in config `[profile name]`, but `[default]`), `key = value`, comments behind `#`
/// or `;` at the start of a line or after white space. Indented lines are settings within a setting, which nobody here
/// needs.
package struct ProfileFile: Sendable {
    private static let limit = 1 << 20

    private var profiles: [String: [String: String]] = [:]

    /// Files that are not there are empty.
    package init(environment: [String: String]) throws(ApusError) {
        let home = environment["HOME"] ?? "/root"
        try read(environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config", home, isConfig: true)
        try read(environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials", home, isConfig: false)
    }

    package subscript(_ name: String) -> [String: String]? { profiles[name] }

    private mutating func read(_ path: String, _ home: String, isConfig: Bool) throws(ApusError) {
        let path = path.hasPrefix("~/") ? home + path.dropFirst() : path
        let bytes: [UInt8]
        do throws(ApusError) { bytes = try Files.read(path, limit: ProfileFile.limit) } catch {
            if !ProfileFile.isThere(path) { return }
            throw ApusError.credentialsFailed("the profiles cannot be read", cause: error)
        }
        parse(String(decoding: bytes, as: UTF8.self), isConfig: isConfig)
    }

    private static func isThere(_ path: String) -> Bool {
        access(path, F_OK) == 0 || errno != ENOENT && errno != ENOTDIR
    }

    mutating func parse(_ text: String, isConfig: Bool) {
        var name: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[" {
                name = ProfileFile.section(line.dropFirst().prefix { $0 != "]" }, isConfig: isConfig)
                if let name, profiles[name] == nil { profiles[name] = [:] }
            } else if let name, !first.isWhitespace, let equals = line.firstIndex(of: "=") {
                let key = ProfileFile.trimmed(line[..<equals]).lowercased()
                profiles[name]?[key] = ProfileFile.value(line[line.index(after: equals)...])
            }
        }
    }

    /// Nil for sections of other kinds (`[services x]`, `[sso-session y]`).
    private static func section(_ title: Substring, isConfig: Bool) -> String? {
        let words = title.split { $0 == " " || $0 == "\t" }.map(String.init)
        if words == ["default"] { return "default" }
        if !isConfig { return words.count == 1 ? words[0] : nil }
        return words.count == 2 && words[0] == "profile" ? words[1] : nil
    }

    private static func value(_ text: Substring) -> String {
        var end = text.endIndex
        for index in text.indices.dropFirst() where text[index] == "#" || text[index] == ";" {
            if text[text.index(before: index)].isWhitespace {
                end = index
                break
            }
        }
        return trimmed(text[..<end])
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop { $0.isWhitespace }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
