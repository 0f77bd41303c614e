/// `delta-seconds` (RFC 9111 section 1.2.2): digits alone. What is above 2^31, however long, is 2^31.
enum DeltaSeconds {
    static let most: Int64 = 1 << 31

    static func parse(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        guard !bytes.isEmpty else { return nil }
        var seconds: Int64 = 0
        for byte in bytes {
            guard byte &- 0x30 < 10 else { return nil }
            seconds = min(most, seconds * 10 + Int64(byte &- 0x30))
        }
        return seconds
    }
}
