/// The names that Prometheus takes everywhere: `[a-zA-Z_:][a-zA-Z0-9_:]*` for metrics, the same without colons for labels.
enum MetricName {
    static func isValid(_ name: String) -> Bool {
        !name.isEmpty && !isDigit(name.utf8.first ?? 0)
            && name.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ":") }
    }

    /// Names that begin with two underscores belong to Prometheus itself.
    static func isValidLabel(_ name: String) -> Bool {
        !name.isEmpty && !isDigit(name.utf8.first ?? 0) && name.utf8.allSatisfy(isWord) && !name.hasPrefix("__")
    }

    /// Every scalar that is not allowed becomes `_`; a digit in front gets one before it; nothing at all becomes `_`.
    static func sanitised(_ name: String) -> String {
        isValid(name) ? name : replaced(name) { isWord($0) || $0 == UInt8(ascii: ":") }
    }

    static func sanitisedLabel(_ name: String) -> String {
        if isValidLabel(name) { return name }
        var result = replaced(name, allowed: isWord)
        while result.hasPrefix("__") { result.removeFirst() }
        return result
    }

    private static func replaced(_ name: String, allowed: (UInt8) -> Bool) -> String {
        var result = isDigit(name.utf8.first ?? 0) || name.isEmpty ? "_" : ""
        for scalar in name.unicodeScalars {
            let isAllowed = scalar.isASCII && allowed(UInt8(scalar.value))
            result.unicodeScalars.append(isAllowed ? scalar : "_")
        }
        return result
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }
}

/// `a="x",b="y"`: the labels of a series as both formats write them between the braces.
///
/// It is made once per series. It is also the key of the series in its family: unlike `String`, bytes tell apart two
/// values that Unicode holds for equivalent, as Prometheus does.
enum LabelText {
    static func render(names: [String], values: [String]) -> [UInt8] {
        var text = [UInt8]()
        for (name, value) in zip(names, values) {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: name.utf8)
            text.append(contentsOf: "=\"".utf8)
            appendEscaped(value, quotes: true, to: &text)
            text.append(UInt8(ascii: "\""))
        }
        return text
    }

    /// Backslash and line feed are escaped everywhere; the quotation mark in label values and in the HELP of OpenMetrics.
    static func appendEscaped(_ value: String, quotes: Bool, to text: inout [UInt8]) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): text.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): text.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\"") where quotes: text.append(contentsOf: "\\\"".utf8)
            default: text.append(byte)
            }
        }
    }
}
