import HTTPWire

/// Request fields by which well-known frameworks answer for another method, path or host than the request names. They
/// are no part of the key, so an answer to a request that has one could be anybody's poison: it is not stored, unless
/// Vary or `keyHeaders` names the field. (What X-Forwarded-Host and the like say is the gateway's own word.)
enum UnkeyedFields {
    static func arePresent(
        _ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, selecting: SelectingFields
    ) -> Bool {
        for field in request.fields where field.known == .other {
            let name = field.name.bytes(in: bytes)
            if isOne(name), !selecting.selectors.contains(where: { ASCII.isSame(name, $0.name) }) { return true }
        }
        return false
    }

    private static func isOne(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 6: ASCII.isSame(name, word: "x-host")
        case 13:
            ASCII.isSame(name, word: "x-http-method") || ASCII.isSame(name, word: "x-rewrite-url")
        case 14: ASCII.isSame(name, word: "x-original-url")
        case 15: ASCII.isSame(name, word: "x-original-host")
        case 17: ASCII.isSame(name, word: "x-method-override")
        case 18: ASCII.isSame(name, word: "x-forwarded-scheme")
        case 22: ASCII.isSame(name, word: "x-http-method-override")
        default: false
        }
    }
}
