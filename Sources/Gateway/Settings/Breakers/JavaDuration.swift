import Base
import Settings

/// Durations as Spring reads them: milliseconds without a unit (`60000`), or ISO 8601 as `java.time.Duration` has it
/// (`PT1M30S`, `P1DT2H`). Its simple form (`30s`, `500ms`) is ours already.
enum JavaDuration {
    /// The duration as our formats write it; nil for text that needs no change or is no duration.
    static func text(_ text: String) -> String? {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return text + "ms" }
        return iso8601(text).map(DurationText.render)
    }

    /// `PnDTnHnMn.nS`, case-insensitive, each part once and in this order; never negative.
    static func iso8601(_ text: String) -> Duration? {
        let upper = text.uppercased()
        guard upper.hasPrefix("P") else { return nil }
        let parts = upper.dropFirst().split(separator: "T", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let date = parts.first else { return nil }
        var pieces: [String] = []
        if !date.isEmpty {
            guard date.hasSuffix("D"), date.dropLast().allSatisfy(\.isNumber) else { return nil }
            pieces.append(date.lowercased())
        }
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].last?.isNumber == false else { return nil }
            pieces.append(parts[1].lowercased())
        }
        let ours = pieces.joined()
        // `ms`, `us` and the like are no units of ISO 8601.
        guard !ours.isEmpty, ours.allSatisfy({ $0.isNumber || "dhms.".contains($0) }), !ours.contains("ms") else {
            return nil
        }
        return DurationText.parse(ours)
    }
}
