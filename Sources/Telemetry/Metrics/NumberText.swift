/// Numbers as the exposition formats spell them, straight into bytes.
extension [UInt8] {
    /// A whole number in decimal.
    mutating func append(decimal number: UInt64) {
        if number < 10 {
            append(48 + UInt8(number))
            return
        }
        // 20 digits hold 2^64.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = number
            var start = 20
            repeat {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                start -= 1
                digits[start] = 48 + UInt8(truncatingIfNeeded: digit)
                rest = quotient
            } while rest != 0
            append(contentsOf: UnsafeBufferPointer(rebasing: digits[start..<20]))
        }
    }

    /// A sample's value: `NaN`, `+Inf`, `-Inf`, whole numbers below 2^53 as such, else the shortest form that reads back
    /// to the same double (`0.1`, `1e-05`, `1.7e+300`).
    mutating func append(number value: Double) {
        if value.isFinite {
            let whole = Int64(exactly: value)
            if let whole, whole.magnitude < 1 << 53, !(whole == 0 && value.sign == .minus) {
                if whole < 0 { append(UInt8(ascii: "-")) }
                append(decimal: whole.magnitude)
            } else {
                append(contentsOf: value.description.utf8)
            }
        } else if value.isNaN {
            append(contentsOf: "NaN".utf8)
        } else {
            append(contentsOf: (value < 0 ? "-Inf" : "+Inf").utf8)
        }
    }

    /// A bound of a bucket in the canonical form of OpenMetrics, always with a point or an exponent: `0.005`, `1.0`,
    /// `100000.0`, `1e+06`, `2.5e-05`. It is what Prometheus 3 turns bounds into, so series keep their identity.
    mutating func append(bound value: Double) {
        guard value.isFinite else { return append(number: value) }
        let (digits, exponent) = Self.shortestDigits(value.magnitude)
        if value < 0 { append(UInt8(ascii: "-")) }
        // The rule of C's %g at its default precision, which the specification's examples follow.
        if exponent < -4 || exponent >= 6 {
            appendScientific(digits, exponent)
        } else if exponent < 0 {
            append(contentsOf: "0.".utf8)
            append(contentsOf: repeatElement(48, count: -exponent - 1))
            append(contentsOf: digits)
        } else {
            let whole = digits.prefix(exponent + 1)
            append(contentsOf: whole)
            append(contentsOf: repeatElement(48, count: exponent + 1 - whole.count))
            append(UInt8(ascii: "."))
            let rest = digits.dropFirst(exponent + 1)
            append(contentsOf: rest.isEmpty ? [48] : rest)
        }
    }

    private mutating func appendScientific(_ digits: [UInt8], _ exponent: Int) {
        append(digits[0])
        if digits.count > 1 {
            append(UInt8(ascii: "."))
            append(contentsOf: digits.dropFirst())
        }
        append(contentsOf: (exponent < 0 ? "e-" : "e+").utf8)
        if exponent.magnitude < 10 { append(48) }
        append(decimal: UInt64(exponent.magnitude))
    }

    /// The significant digits of `value` without zeros at the ends, and the exponent of the first: 250 is ([2, 5], 2).
    private static func shortestDigits(_ value: Double) -> (digits: [UInt8], exponent: Int) {
        if value == 0 { return ([48], 0) }
        let parts = value.description.utf8.split(separator: UInt8(ascii: "e"), maxSplits: 1)
        var exponent = parts.count > 1 ? Int(String(Substring(parts[1]))) ?? 0 : 0
        let mantissa = parts[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        var digits = [UInt8](mantissa[0])
        exponent += digits.count - 1
        if mantissa.count > 1 { digits += mantissa[1] }
        while digits.first == 48 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == 48 { digits.removeLast() }
        return (digits, exponent)
    }
}
