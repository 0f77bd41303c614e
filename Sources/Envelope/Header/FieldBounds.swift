package import Base

/// What may stand in a header's fields. The same bounds hold for what is written and for what is read.
enum FieldBounds {
    static let pairs = 16
    static let nameBytes = 64
    static let valueBytes = 1024
    static let compressionBytes = 16
    static let providerBytes = 1024
    static let keyIDBytes = 2048
    static let versionBytes = 128
    /// AWS KMS gives at most 6,144.
    static let wrappedBytes = 8192

    /// Lower-case letters, digits, `_`, `-` and `.`.
    static func isName(_ text: String, limit: Int = nameBytes) -> Bool {
        (1...limit).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): return true
                default: return [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte)
                }
            }
    }

    /// Text of so many bytes without control characters: it will be shown to people.
    static func isText(_ text: String, limit: Int, canBeEmpty: Bool = false) -> Bool {
        text.utf8.count <= limit && (canBeEmpty || !text.isEmpty)
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    }
}

extension EnvelopeContext {
    /// Whether a header can hold it: 16 pairs, names of 64 bytes at most in `[a-z0-9_.-]`, values of 1,024 bytes at
    /// most without control characters.
    ///
    /// - Throws: `ApusError` `envelope-field` with the name of the pair.
    package func check() throws(ApusError) {
        guard pairs.count <= FieldBounds.pairs else {
            throw ApusError(code: "envelope-field", "a context has at most \(FieldBounds.pairs) pairs")
        }
        for pair in pairs {
            guard FieldBounds.isName(pair.name), FieldBounds.isText(pair.value, limit: FieldBounds.valueBytes) else {
                throw ApusError(
                    code: "envelope-field",
                    "the context's \(pair.name.debugDescription) is no name of 1 to 64 characters in a-z, 0-9, _ . -, "
                        + "or its value is not 1 to 1,024 bytes of printable text")
            }
        }
    }
}

extension WrappedKey {
    /// Whether a header can hold it.
    ///
    /// - Throws: `ApusError` `envelope-field` with the field's name.
    func check() throws(ApusError) {
        let fields = [
            ("provider", FieldBounds.isText(provider, limit: FieldBounds.providerBytes)),
            ("key id", FieldBounds.isText(keyID, limit: FieldBounds.keyIDBytes)),
            ("key version", FieldBounds.isText(version, limit: FieldBounds.versionBytes, canBeEmpty: true)),
            ("wrapped key", (1...FieldBounds.wrappedBytes).contains(ciphertext.count)),
        ]
        for (name, isRight) in fields where !isRight {
            throw ApusError(code: "envelope-field", "the \(name) does not fit into the header of a sealed file")
        }
    }
}
