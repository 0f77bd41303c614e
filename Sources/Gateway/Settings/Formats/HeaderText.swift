package import Settings

/// Field names and values as a settings file writes them (RFC 9110, section 5).
package enum HeaderText {
    /// Longer names and values of our own making would only run into the peers' limits.
    static let longestName = 256
    static let longestValue = 8192

    /// A token (section 5.6.2).
    package static func isName(_ text: String) -> Bool {
        (1...longestName).contains(text.utf8.count) && text.utf8.allSatisfy(isTokenByte)
    }

    /// Visible ASCII, spaces and tabs inside; bytes above 0x7F are taken as they are (section 5.5).
    package static func isValue(_ text: String) -> Bool {
        guard text.utf8.count <= longestValue, let first = text.utf8.first, let last = text.utf8.last else {
            return text.isEmpty
        }
        return first > 0x20 && last > 0x20 && text.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
    }

    package static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// Fields that frame a message or belong to one connection: the gateway makes them itself.
    package static let ownedByGateway: Set<String> = [
        "connection", "content-length", "host", "http2-settings", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]
}

extension ValueFormat where Value == String {
    /// The name of a field: `X-Request-ID`.
    package static var headerName: ValueFormat {
        parsed(
            name: "the name of a header", allowed: "letters, digits and -", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
            parse: { HeaderText.isName($0) ? $0 : nil }, render: { $0 })
    }

    /// The value of a field, of one line.
    package static var headerValue: ValueFormat {
        parsed(
            name: "the value of a header", allowed: "one line without control characters",
            parse: { HeaderText.isValue($0) ? $0 : nil }, render: { $0 })
    }

    /// A method (RFC 9110, section 9.1): `GET`. Methods are case-sensitive, and all known ones are in capitals.
    package static var method: ValueFormat {
        parsed(
            name: "a method", allowed: "in capitals, such as GET or POST", pattern: "^[A-Z][A-Z0-9_-]*$",
            parse: { text in
                let isMethod =
                    (1...32).contains(text.utf8.count)
                    && text.utf8.allSatisfy { byte in
                        (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
                    }
                return isMethod ? text : nil
            },
            render: { $0 })
    }
}
