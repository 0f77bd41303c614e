/// Bytes that mean something in a path (RFC 3986).
enum PathByte {
    static let slash = UInt8(ascii: "/")
    static let backslash = UInt8(ascii: "\\")
    static let percent = UInt8(ascii: "%")
    static let dot = UInt8(ascii: ".")
    static let semicolon = UInt8(ascii: ";")

    /// Section 2.3.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    static func hexadecimal(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

    static func writeEscape(_ value: UInt8, to output: UnsafeMutableRawBufferPointer, at index: Int) {
        output[index] = percent
        output[index + 1] = hexadecimal(value >> 4)
        output[index + 2] = hexadecimal(value & 15)
    }
}
