/// Python's integers and floats.
enum PythonNumber {
    static func value(_ word: String) -> Value? {
        guard let first = word.utf8.first, (0x30...0x39).contains(first) || first == UInt8(ascii: ".") else {
            return nil
        }
        let misplaced = ["__", "_.", "._", "_e", "e_", "_E", "E_"]
        guard !word.hasSuffix("_"), word.hasPrefix("0x") || !misplaced.contains(where: word.contains) else {
            return nil
        }
        let plain = word.replacing("_", with: "").lowercased()
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where plain.hasPrefix(prefix) {
            return Int(plain.dropFirst(2), radix: radix).map { .integer($0) }
        }
        if plain.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // 012 is a mistake in Python, and so text.
            let isZero = plain.utf8.allSatisfy { $0 == UInt8(ascii: "0") }
            return first == UInt8(ascii: "0") && !isZero ? nil : Int(plain).map { .integer($0) }
        }
        guard !plain.hasPrefix(".e"), plain.utf8.contains(where: { (0x30...0x39).contains($0) }),
            plain.utf8.allSatisfy({ (0x30...0x39).contains($0) || "e.+-".utf8.contains($0) })
        else { return nil }
        // Swift reads neither `.5` nor `5.` as Python does.
        return Double(plain.hasPrefix(".") ? "0\(plain)" : plain.hasSuffix(".") ? "\(plain)0" : plain)
            .flatMap { $0.isFinite ? .number($0) : nil }
    }
}
