/// A number of bytes, never negative, written with a unit: `100M`, `1.5GiB`, `64k`, `512`.
///
/// One rule for every place that reads one: `k M G T P` and `kB MB …` and `KiB MiB …` are powers of 1024 for the bare and
/// the `iB` form (as logrotate, dd and systemd take them), powers of 1000 for the `B` form (SI).
package struct ByteCount: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var bytes: Int64

    package init(_ bytes: Int64) {
        precondition(bytes >= 0, "a byte count is never negative")
        self.bytes = bytes
    }

    package static func kibibytes(_ count: Int64) -> ByteCount { ByteCount(count << 10) }
    package static func mebibytes(_ count: Int64) -> ByteCount { ByteCount(count << 20) }
    package static func gibibytes(_ count: Int64) -> ByteCount { ByteCount(count << 30) }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    /// The shortest exact form that parses back to the same number: `100M`, `1536k`, `1000`.
    package var description: String {
        for (suffix, shift) in [("P", 50), ("T", 40), ("G", 30), ("M", 20), ("k", 10)] as [(String, Int64)]
        where bytes >= 1 << shift && bytes & ((1 << shift) - 1) == 0 {
            return "\(bytes >> shift)\(suffix)"
        }
        return "\(bytes)"
    }

    /// For eyes, as `df -h` writes it: three figures at most and a binary unit (`1.5G`, `236G`, `512`), rounded up.
    package var humanReadable: String {
        var unit = ""
        var value = Double(bytes)
        for next in ["K", "M", "G", "T", "P", "E"] {
            if value < 1024 { break }
            value /= 1024
            unit = next
        }
        if unit.isEmpty { return "\(bytes)" }
        let tenths = (value * 10).rounded(.up)
        if tenths < 100 {
            let whole = Int(tenths)
            return "\(whole / 10).\(whole % 10)\(unit)"
        }
        return "\(Int(value.rounded(.up)))\(unit)"
    }
}
