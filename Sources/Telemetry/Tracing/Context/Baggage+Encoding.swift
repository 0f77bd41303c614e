extension Baggage.Member {
    /// How many bytes the member takes in a header.
    var encodedLength: Int {
        let value = value.utf8.reduce(0) { $0 + (BaggageParser.isPlain($1) ? 1 : 3) }
        return key.utf8.count + 1 + value + properties.utf8.count
    }

    /// `key=value;properties`, the value's bytes outside of `baggage-octet` and `%` itself percent-encoded.
    func append(to text: inout [UInt8]) {
        text.append(contentsOf: key.utf8)
        text.append(UInt8(ascii: "="))
        for byte in value.utf8 {
            if BaggageParser.isPlain(byte) {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "%"))
                text.append(BaggageParser.upperDigit(byte >> 4))
                text.append(BaggageParser.upperDigit(byte & 0xF))
            }
        }
        text.append(contentsOf: properties.utf8)
    }
}

/// The grammar of W3C baggage over bytes.
enum BaggageParser {
    /// `key OWS "=" OWS value *(OWS ";" OWS property)`; nil if malformed.
    static func member(_ line: RawSpan, _ range: Range<Int>) -> Baggage.Member? {
        let semicolon = line.first(UInt8(ascii: ";"), in: range)
        let equals = line.first(UInt8(ascii: "="), in: range.lowerBound..<semicolon)
        guard equals < semicolon else { return nil }
        let key = line.trimmed(range.lowerBound..<equals)
        let value = line.trimmed((equals + 1)..<semicolon)
        guard isToken(line, key), value.allSatisfy({ isOctet(line.byte($0)) }),
            let properties = properties(line, semicolon..<range.upperBound)
        else { return nil }
        return Baggage.Member(key: line.string(key), value: decoded(line, value), properties: properties)
    }

    /// `token` of RFC 9110, section 5.6.2.
    static func isToken(_ line: RawSpan, _ range: Range<Int>) -> Bool {
        !range.isEmpty && range.allSatisfy { tokenBytes.contains(line.byte($0)) }
    }

    /// A byte of a value that is sent as it is.
    static func isPlain(_ byte: UInt8) -> Bool {
        isOctet(byte) && byte != UInt8(ascii: "%")
    }

    static func upperDigit(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
    }

    /// `baggage-octet`: printable ASCII without space, `"`, `,`, `;` and `\`.
    private static func isOctet(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\\"): false
        default: byte > 0x20 && byte < 0x7F
        }
    }

    /// The properties without the spaces around them, each `;key` or `;key=value`; nil if one is malformed.
    private static func properties(_ line: RawSpan, _ range: Range<Int>) -> String? {
        var text = ""
        var start = range.lowerBound
        while start < range.upperBound {
            let end = line.first(UInt8(ascii: ";"), in: (start + 1)..<range.upperBound)
            let property = line.trimmed((start + 1)..<end)
            let equals = line.first(UInt8(ascii: "="), in: property)
            let key = line.trimmed(property.lowerBound..<equals)
            guard isToken(line, key) else { return nil }
            text += ";" + line.string(key)
            if equals < property.upperBound {
                let value = line.trimmed((equals + 1)..<property.upperBound)
                guard value.allSatisfy({ isOctet(line.byte($0)) }) else { return nil }
                text += "=" + line.string(value)
            }
            start = end
        }
        return text
    }

    /// Percent-decoded text; bytes that are no UTF-8 become U+FFFD, a `%` without two digits stays.
    private static func decoded(_ line: RawSpan, _ range: Range<Int>) -> String {
        var bytes = [UInt8]()
        bytes.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            if line.byte(index) == UInt8(ascii: "%"), index + 2 < range.upperBound,
                let high = digit(line.byte(index + 1)), let low = digit(line.byte(index + 2))
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(line.byte(index))
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Either case, unlike trace identifiers: RFC 3986, section 2.1.
    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: Hex.digit(byte)
        }
    }

    private static let tokenBytes: Set<UInt8> = Set(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
}
