import HTTPWire
import NIOHPACK

/// The small grammar of field names and values that a header list must keep when it becomes text (RFC 9110 sections
/// 5.5 and 5.6.2).
enum FieldText {
    static func write(_ name: String, _ value: String, to buffer: WireBuffer) {
        buffer.append(name)
        buffer.append(": ")
        buffer.append(value)
        buffer.append("\r\n")
    }

    /// No blank at either end (RFC 9113 section 8.2.1).
    static func isTrimmed(_ value: String) -> Bool {
        guard let first = value.utf8.first, let last = value.utf8.last else { return true }
        return !isBlank(first) && !isBlank(last)
    }

    static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isTokenByte) }

    /// Digits only, at most 18: what a `content-length` may be.
    static func isNumber(_ text: String) -> Bool {
        (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// A host with an optional port: no user (RFC 9113 section 8.3.1), no path, nothing that ends a line.
    static func isAuthority(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x21...0x7E:
                    ![0x22, 0x23, 0x2F, 0x3C, 0x3E, 0x3F, 0x40, 0x5C, 0x5E, 0x60, 0x7B, 0x7C, 0x7D].contains(byte)
                default: false
                }
            }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}

/// Trailer fields as text, `name: value` a line, without those that would change how the message is read (RFC 9110
/// section 6.5.1).
enum TrailerWriter {
    static func write(_ headers: HPACKHeaders, to buffer: WireBuffer) {
        for (name, value, _) in headers where isAllowed(name) && FieldText.isTrimmed(value) {
            FieldText.write(name, value, to: buffer)
        }
    }

    /// As in the trailers of HTTP/1.1.
    private static func isAllowed(_ name: String) -> Bool {
        name.utf8.first != UInt8(ascii: ":") && FieldName.mayTrail(name)
    }
}
