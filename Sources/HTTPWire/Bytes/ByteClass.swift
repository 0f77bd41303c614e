/// What a byte may be part of: one lookup in a table of 256, which is a literal so that it lies in constant memory
/// (no lazy initialiser on the hot path).
enum ByteClass {
    static let carriageReturn: UInt8 = 0x0D
    static let lineFeed: UInt8 = 0x0A
    static let tab: UInt8 = 0x09
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A
    static let slash: UInt8 = 0x2F
    static let questionMark: UInt8 = 0x3F
    static let comma: UInt8 = 0x2C
    static let dot: UInt8 = 0x2E

    /// A row for each 16 bytes. `h` is a host character (RFC 3986 `unreserved`) and a token character, `t` a token
    /// character only (RFC 9110 section 5.6.2), `.` neither.
    @inline(__always) private static var table: StaticString {
        """
        ................\
        ................\
        .t.ttttt..tt.hh.\
        hhhhhhhhhh......\
        .hhhhhhhhhhhhhhh\
        hhhhhhhhhhh...th\
        thhhhhhhhhhhhhhh\
        hhhhhhhhhhh.t.h.\
        ................\
        ................\
        ................\
        ................\
        ................\
        ................\
        ................\
        ................
        """
    }

    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        table.utf8Start[Int(byte)] != 0x2E
    }

    /// Characters of a registered name as DNS and its users write it. Sub-delimiters and percent-encoding, which RFC 3986
    /// allows, name no host that exists and are refused.
    @inline(__always)
    static func isHost(_ byte: UInt8) -> Bool {
        table.utf8Start[Int(byte)] == 0x68
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10
    }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == space || byte == tab
    }

    /// The value of a hexadecimal digit, or nil.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        let letter = (byte | 0x20) &- 0x61
        if letter < 6 { return letter &+ 10 }
        return isDigit(byte) ? byte &- 0x30 : nil
    }
}
