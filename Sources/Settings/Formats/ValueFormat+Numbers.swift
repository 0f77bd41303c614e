extension ValueFormat where Value: FixedWidthInteger & Sendable {
    /// A whole number in decimal digits.
    package static func integer(in range: ClosedRange<Value> = Value.min...Value.max) -> ValueFormat {
        let isWhole = Value.bitWidth == 64 && range == Value.min...Value.max
        let wanted = isWhole ? "a whole number" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return scalar(
            wanted: wanted,
            schema: .object([
                ("type", "integer"), ("minimum", .number("\(range.lowerBound)")),
                ("maximum", .number("\(range.upperBound)")),
            ]),
            render: { value, _ in .literal("\(value)") },
            parse: { input in
                if let clause = IntegerText.objection(to: input) { return .because(clause) }
                guard input.kind == .integer else { return .wrong }
                guard let value = Value(input.text), range.contains(value) else {
                    return .because("which is out of range")
                }
                return .value(value)
            })
    }
}

private enum IntegerText {
    /// What is wrong with text that is nearly an integer.
    static func objection(to input: ScalarInput) -> String? {
        let digits = input.text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        if input.isQuoted {
            return YAMLScalar.kind(ofPlain: input.text) == .integer ? "write it without quotes" : nil
        }
        if input.text.utf8.contains(UInt8(ascii: "_")), Int(input.text.replacing("_", with: "")) != nil {
            return "write it without underscores"
        }
        guard input.kind == .integer, digits.count > 1, digits.first == UInt8(ascii: "0") else { return nil }
        return "which some readers take for octal: write decimal digits without a leading 0"
    }
}

extension ValueFormat where Value == Double {
    /// A number with or without a fraction; never infinite and never NaN.
    package static func number(
        in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    ) -> ValueFormat {
        let isWhole = range.upperBound == .greatestFiniteMagnitude && range.lowerBound == -range.upperBound
        let bounds: [(String, JSONValue)] =
            isWhole ? [] : [("minimum", .number("\(range.lowerBound)")), ("maximum", .number("\(range.upperBound)"))]
        return scalar(
            wanted: isWhole
                ? "a number"
                : "a number from \(NumberText.short(range.lowerBound)) to \(NumberText.short(range.upperBound))",
            schema: .object([("type", "number")] + bounds),
            render: { value, _ in .literal(NumberText.short(value)) },
            parse: { input in
                if input.isQuoted, NumberText.value(input.text) != nil { return .because("write it without quotes") }
                guard let value = NumberText.value(input), value.isFinite else { return .wrong }
                return range.contains(value) ? .value(value) : .because("which is out of range")
            })
    }

    /// A share from 0 to 1, also as a percentage: `0.8` and `80%` are the same.
    package static var ratio: ValueFormat { ratio(in: 0...1) }

    /// A share within `range` (1 is all), also as a percentage.
    package static func ratio(in range: ClosedRange<Double>) -> ValueFormat {
        let (low, high) = (NumberText.short(range.lowerBound), NumberText.short(range.upperBound))
        let pattern = #"^[0-9]+(\.[0-9]+)?%$"#
        return ValueFormat.scalar(
            wanted: "a share from \(low) to \(high), or in percent such as 80%",
            schema: .object([
                (
                    "anyOf",
                    .array([
                        .object([("type", "number"), ("minimum", .number(low)), ("maximum", .number(high))]),
                        .object([("type", "string"), ("pattern", .string(pattern))]),
                    ])
                )
            ]),
            render: { value, _ in .literal(NumberText.short(value)) },
            parse: { input in
                let share: Double?
                if input.text.hasSuffix("%") {
                    share = NumberText.value(String(input.text.dropLast())).map { $0 / 100 }
                } else {
                    share = NumberText.value(input)
                    if let share, share > 1, share <= 100, range.upperBound <= 1 {
                        return .because("which is more than all: write \(NumberText.short(share))% for percent")
                    }
                }
                guard let share else { return .wrong }
                return range.contains(share) ? .value(share) : .because("which is out of range")
            })
    }
}

enum NumberText {
    static func value(_ input: ScalarInput) -> Double? {
        input.kind == .number || input.kind == .integer ? value(input.text) : nil
    }

    /// Decimal digits only: Swift's own reader takes `nan`, `infinity` and hexadecimal too.
    static func value(_ text: String) -> Double? {
        let kind = YAMLScalar.kind(ofPlain: text)
        guard kind == .integer || kind == .number, !text.utf8.contains(UInt8(ascii: "x")) else { return nil }
        return Double(text)
    }

    /// The shortest digits that read back to the same number, whole numbers without `.0`.
    static func short(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension ValueFormat where Value == UInt32 {
    /// Permissions of a file in octal digits, `0640` or `"0640"`: always octal, quoted or not.
    package static var fileMode: ValueFormat {
        scalar(
            wanted: "permissions in three or four octal digits such as \"0640\"",
            schema: .object([("type", "string"), ("pattern", "^[0-7]{3,4}$")]),
            render: { value, _ in
                let digits = String(value, radix: 8)
                return .text(String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
            },
            parse: { input in
                guard (3...4).contains(input.text.utf8.count), let mode = UInt32(input.text, radix: 8) else {
                    return .wrong
                }
                return .value(mode)
            })
    }
}
