import Base

/// Durations as text: one or more numbers with units, largest unit first, each unit once: `1h30m`, `1.5s`, `0`.
package enum DurationText {
    /// Name and nanoseconds, largest first.
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("w", 604_800_000_000_000), ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
        ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]

    /// The longest duration that a format takes unless it says otherwise; it stays clear of what overflows.
    package static let century = Duration.seconds(36_525 * 86_400)

    /// ` from 100ms to 1d`, or as much of it as means something.
    static func bounds(_ range: ClosedRange<Duration>) -> String {
        let (low, high) = (render(range.lowerBound), render(range.upperBound))
        if range.upperBound < century { return " from \(low) to \(high)" }
        return range.lowerBound > .zero ? " of at least \(low)" : ""
    }

    static let pattern = #"^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w))+)$|\$\{"#

    /// Nil where `text` is no duration.
    package static func parse(_ text: String) -> Duration? {
        try? read(text).get()
    }

    static func read(_ text: String) -> Result<Duration, QuantityObjection> {
        if text == "0" { return .success(.zero) }
        if text.hasPrefix("-") { return .failure(QuantityObjection(clause: "which is negative")) }
        var rest = Array(text.utf8)[...]
        var total: Int64 = 0
        var lastUnit = -1
        repeat {
            guard let number = DecimalText(&rest) else { return .failure(QuantityObjection(clause: nil)) }
            let name = String(decoding: rest.prefix { !($0 == 0x2E || (0x30...0x39).contains($0)) }, as: UTF8.self)
            rest.removeFirst(name.utf8.count)
            if name.isEmpty {
                let isAlone = lastUnit == -1 && rest.isEmpty
                return .failure(
                    QuantityObjection(clause: "which has no unit" + (isAlone ? ": write \(text)s for seconds" : "")))
            }
            guard let unit = units.firstIndex(where: { $0.name == name || (name == "µs" && $0.name == "us") }) else {
                return .failure(QuantityObjection(clause: "which has the unknown unit \(Displayed.quoted(name))"))
            }
            guard unit > lastUnit else {
                return .failure(QuantityObjection(clause: "whose units do not go from large to small"))
            }
            lastUnit = unit
            guard let part = number.times(units[unit].nanoseconds) else {
                return .failure(QuantityObjection(clause: "which is too long"))
            }
            total = total.addingClamped(part)
        } while !rest.isEmpty
        return .success(.nanoseconds(total))
    }

    /// The shortest exact form, to the nanosecond: `1h30m`, `200ms`, `0s`.
    package static func render(_ duration: Duration) -> String {
        var left = duration.wholeNanoseconds
        guard left != 0 else { return "0s" }
        var text = left < 0 ? "-" : ""
        left = left == .min ? .max : abs(left)
        // Days are the largest unit that people read at a glance.
        for (name, size) in units where name != "w" && left >= size {
            let (count, rest) = left.quotientAndRemainder(dividingBy: size)
            text += "\(count)\(name)"
            left = rest
        }
        return text
    }
}

/// A decimal number taken from the front of text, exact to nine digits of fraction.
struct DecimalText {
    private let whole: Int64
    private let billionths: Int64

    init?(_ text: inout ArraySlice<UInt8>) {
        let digits = text.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty, let whole = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        text.removeFirst(digits.count)
        self.whole = whole
        guard text.first == UInt8(ascii: ".") else {
            billionths = 0
            return
        }
        text.removeFirst()
        let fraction = text.prefix { (0x30...0x39).contains($0) }
        guard !fraction.isEmpty, fraction.count <= 9 else { return nil }
        text.removeFirst(fraction.count)
        var value: Int64 = 0
        for index in 0..<9 {
            let offset = fraction.startIndex + index
            value = value * 10 + (offset < fraction.endIndex ? Int64(fraction[offset] - 0x30) : 0)
        }
        billionths = value
    }

    /// Rounded down; nil past `Int64`.
    func times(_ unit: Int64) -> Int64? {
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        let wide = billionths.multipliedFullWidth(by: unit)
        let (fraction, _) = Int64(1_000_000_000).dividingFullWidth(wide)
        let (sum, carried) = product.addingReportingOverflow(fraction)
        return carried ? nil : sum
    }
}
