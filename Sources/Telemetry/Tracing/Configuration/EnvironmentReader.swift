import Base

/// Reads typed values from `OTEL_*` variables as the OpenTelemetry specification says: empty counts as unset; what is not
/// understood gives a warning and has no effect.
struct EnvironmentReader {
    private let environment: [String: String]
    private(set) var warnings: [TracingWarning] = []

    init(_ environment: [String: String]) {
        self.environment = environment
    }

    /// The first of the variables that is set, and its trimmed value.
    func value(_ names: [String]) -> (name: String, text: String)? {
        for name in names {
            if let text = environment[name].map(EnvironmentReader.trimmed), !text.isEmpty { return (name, text) }
        }
        return nil
    }

    mutating func warn(_ variable: String, _ problem: String) {
        warnings.append(TracingWarning(variable: variable, problem: problem))
    }

    /// True only for `true` in any case, as the specification demands.
    mutating func bool(_ name: String) -> Bool? {
        guard let (_, text) = value([name]) else { return nil }
        let word = text.lowercased()
        if word != "true", word != "false" { warn(name, "is neither true nor false; false is assumed") }
        return word == "true"
    }

    mutating func integer(_ names: String..., in range: ClosedRange<Int>) -> Int? {
        guard let (name, text) = value(names) else { return nil }
        if let number = Int(text), range.contains(number) { return number }
        warn(name, "is no whole number from \(range.lowerBound) to \(range.upperBound); ignored")
        return nil
    }

    /// Milliseconds. Zero, where it is a time-out, means no limit: then `unlimited`.
    mutating func duration(_ names: String..., zero: Duration) -> Duration? {
        guard let (name, text) = value(names) else { return nil }
        if let number = Int64(text), (0...86_400_000).contains(number) {
            return number == 0 ? zero : .milliseconds(number)
        }
        warn(name, "is no number of milliseconds from 0 to 86400000; ignored")
        return nil
    }

    /// What `parse` makes of the lower-case value; a warning that lists what is allowed where it makes nothing.
    mutating func choice<Value>(_ names: String..., allowed: [String], parse: (String) -> Value?) -> Value? {
        guard let (name, text) = value(names) else { return nil }
        if let value = parse(text.lowercased()) { return value }
        warn(name, "is none of \(allowed.joined(separator: ", ")); ignored")
        return nil
    }

    /// `key=value,key=value`, values percent-decoded. Nil with a warning if a pair is malformed.
    mutating func pairs(_ names: String...) -> (name: String, pairs: [(key: String, value: String)])? {
        guard let (name, text) = value(names) else { return nil }
        var pairs: [(key: String, value: String)] = []
        for part in text.split(separator: ",") where !EnvironmentReader.trimmed(part).isEmpty {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = EnvironmentReader.trimmed(sides[0])
            guard sides.count == 2, !key.isEmpty, let value = PercentText.decode(EnvironmentReader.trimmed(sides[1]))
            else {
                warn(name, "is no list of key=value pairs; ignored")
                return nil
            }
            pairs.append((key, value))
        }
        return (name, pairs)
    }

    /// The longest time-out that there is here: a day. Every wait has a bound.
    static let unlimited = Duration.seconds(86_400)

    static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let tail = text.drop(while: isBlank)
        return String(tail.reversed().drop(while: isBlank).reversed())
    }
}

/// Percent-encoding of RFC 3986, section 2.1.
enum PercentText {
    /// Nil where a `%` has no two digits after it or the result is no UTF-8.
    static func decode(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let number = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.first != UInt8(ascii: "+")
            else { return nil }
            bytes.append(number)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
