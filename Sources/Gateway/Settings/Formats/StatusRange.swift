package import Settings

/// Status codes of HTTP: `503`, `5xx` or `200-399`.
package struct StatusRange: Hashable, Sendable {
    package let codes: ClosedRange<Int>
    package let text: String

    package init?(_ text: String) {
        if text.utf8.count == 3, text.hasSuffix("xx"), let hundreds = Int(text.prefix(1)), (1...5).contains(hundreds) {
            codes = hundreds * 100...hundreds * 100 + 99
        } else {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            let ends = parts.compactMap { StatusRange.code($0) }
            guard (1...2).contains(parts.count), ends.count == parts.count, let low = ends.first, let high = ends.last,
                low <= high
            else { return nil }
            codes = low...high
        }
        self.text = text
    }

    static func code(_ text: some StringProtocol) -> Int? {
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let code = Int(text),
            (100...599).contains(code)
        else { return nil }
        return code
    }
}

extension ValueFormat where Value == StatusRange {
    package static var statusRange: ValueFormat {
        parsed(
            name: "status codes", allowed: "503, 5xx or 200-399", pattern: "^[1-5]([0-9]{2}|xx)(-[1-5][0-9]{2})?$",
            numbers: 100...599, parse: { StatusRange($0) }, render: { $0.text })
    }
}
