package import Base

/// Byte counts as text, by the rule of `ByteCount`: bare and `iB` units are powers of 1024, `B` units powers of 1000.
package enum ByteCountText {
    private static let prefixes = ["k", "M", "G", "T", "P"]

    static let pattern = #"^[0-9]+(\.[0-9]+)?([kKMGTP](i?B)?|B)?$|\$\{"#

    /// Nil where `text` is no byte count. A fraction is rounded down to whole bytes.
    package static func parse(_ text: String) -> ByteCount? {
        try? read(text).get()
    }

    static func read(_ text: String) -> Result<ByteCount, QuantityObjection> {
        var rest = Array(text.utf8)[...]
        guard let number = DecimalText(&rest) else { return .failure(QuantityObjection(clause: nil)) }
        let name = String(decoding: rest, as: UTF8.self)
        guard let unit = size(of: name) else {
            var clause = "which has the unknown unit \(Displayed.quoted(name))"
            if size(of: name.uppercased()) != nil { clause += ", write \(Displayed.quoted(name.uppercased()))" }
            return .failure(QuantityObjection(clause: clause))
        }
        guard let bytes = number.times(unit) else { return .failure(QuantityObjection(clause: "which is too large")) }
        return .success(ByteCount(bytes))
    }

    private static func size(of name: String) -> Int64? {
        if name.isEmpty || name == "B" { return 1 }
        let prefix = name.prefix(1) == "K" ? "k" : String(name.prefix(1))
        guard let power = prefixes.firstIndex(of: prefix) else { return nil }
        switch name.dropFirst() {
        case "", "iB": return 1 << (10 * Int64(power + 1))
        case "B": return (0...power).reduce(1) { size, _ in size * 1000 }
        default: return nil
        }
    }
}
