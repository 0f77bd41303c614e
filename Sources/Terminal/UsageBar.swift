/// The characters beyond ASCII that we draw with, and what stands for them where the locale has no UTF-8.
package struct Glyphs: Sendable, Equatable {
    package let ellipsis: String
    /// From one eighth to the full block; only the last for ASCII.
    let blocks: [String]
    let track: String

    package static let unicode = Glyphs(ellipsis: "…", blocks: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"], track: "░")
    package static let ascii = Glyphs(ellipsis: "~", blocks: ["#"], track: ".")

    /// By the locale's character set, the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set (locale(7)).
    package static func forLocale(environment: (String) -> String?) -> Glyphs {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty } ?? "C"
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8") ? .unicode : .ascii
    }
}

/// A share of a whole as a bar of fixed width: `███▌░░░░`.
package enum UsageBar {
    /// - Parameters:
    ///   - ratio: From 0 to 1, clamped; not a number is 0. Anything above 0 shows at least the thinnest mark, anything
    ///     below 1 leaves at least the thinnest gap: a disk that is not full does not look full.
    ///   - width: Columns, at least 1.
    package static func text(ratio: Double, width: Int, glyphs: Glyphs = .unicode) -> String {
        let width = max(1, width)
        let steps = glyphs.blocks.count
        let total = width * steps
        let share = ratio.isNaN ? 0 : min(max(ratio, 0), 1)
        var filled = Int((share * Double(total)).rounded())
        if share > 0 { filled = max(filled, 1) }
        if share < 1 { filled = min(filled, total - 1) }
        let full = filled / steps
        let part = filled % steps
        let head = String(repeating: glyphs.blocks[steps - 1], count: full)
        let middle = part > 0 ? glyphs.blocks[part - 1] : ""
        return head + middle + String(repeating: glyphs.track, count: width - full - (part > 0 ? 1 : 0))
    }
}
