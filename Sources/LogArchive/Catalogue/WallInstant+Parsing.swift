package import Base

extension WallInstant {
    /// `2026-11-28T13:45:00.000Z`, to the millisecond.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        let time = bytes.withUnsafeBytes {
            LineTime(reference: WallInstant(secondsSince1970: 0)).milliseconds($0)
        }
        guard let time, text.utf8.count >= 19, bytes[4] == UInt8(ascii: "-") else { return nil }
        self.init(nanosecondsSince1970: time * 1_000_000)
    }
}
