import Base

/// What a key may be, the same for every store: so that an object that one takes is an object that all take.
enum ObjectKey {
    private static let longest = 1024

    /// - Throws: `key-invalid` for an empty key, more than 1,024 bytes, a leading `/`, an empty part, `.` or `..` as a
    ///   part, or a control character (which XML answers cannot hold).
    static func check(_ key: String) throws(ApusError) {
        guard let reason = objection(key) else { return }
        throw ApusError(code: "key-invalid", "an object's key \(reason)", kind: .declaration)
    }

    private static func objection(_ key: String) -> String? {
        if key.isEmpty { return "is not empty" }
        if key.utf8.count > longest { return "has at most \(longest) bytes" }
        if key.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "holds no control characters" }
        let parts = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.contains(where: \.isEmpty) { return "has no empty part, no / at its start and none at its end" }
        if parts.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) {
            return "has neither . nor .. as a part"
        }
        return nil
    }
}
