import SSHTransport
package import Settings

/// A path on a host, split where the shell functions want it split.
package struct HostPath: Sendable, Equatable {
    package let text: String

    /// - Precondition: absolute and normalised, which `ValueFormat.hostPath` sees to.
    package init(_ text: String) { self.text = text }

    /// The folder that it stands in; `/` at the top.
    package var folder: String {
        guard let slash = text.lastIndex(of: "/"), slash != text.startIndex else { return "/" }
        return String(text[..<slash])
    }

    package var name: String {
        text.lastIndex(of: "/").map { String(text[text.index(after: $0)...]) } ?? text
    }

    /// Why `text` cannot be a path of a host, or nil.
    static func objection(to text: String) -> String? {
        guard text.hasPrefix("/") else { return "which is not absolute" }
        if text.utf8.count > 4096 { return "which is longer than 4096 bytes" }
        if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "which holds a control character" }
        let parts = text.split(separator: "/", omittingEmptySubsequences: true)
        if parts.contains("..") || parts.contains(".") { return "which holds . or .." }
        if parts.contains(where: { $0.utf8.count > 240 }) { return "which has a name of more than 240 bytes" }
        return nil
    }

    /// Without doubled slashes and without one at the end.
    static func normalised(_ text: String) -> String {
        "/" + text.split(separator: "/", omittingEmptySubsequences: true).joined(separator: "/")
    }
}

extension ValueFormat where Value == String {
    /// An absolute path on the host, without `.` and `..`; doubled and trailing slashes are dropped.
    package static var hostPath: ValueFormat {
        parsed(
            name: "a path on the host", allowed: "an absolute path such as /etc/motd", pattern: "^/",
            parse: { HostPath.objection(to: $0) == nil ? HostPath.normalised($0) : nil }, render: { $0 })
    }
}
