/// Text on its way to a terminal: made harmless, measured in columns, cut to a width.
package enum TerminalText {
    /// The text with everything that would command the terminal, or deceive its reader, written out: control
    /// characters (C0, DEL, C1) as `\x1b`, marks of writing direction and line or paragraph separators as `\u{202e}`.
    /// A mount point may bear any name, also one that would move the cursor or set the window's title.
    package static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isDangerous) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if !isDangerous(scalar) {
                result.unicodeScalars.append(scalar)
            } else if scalar.value < 0x100 {
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
            } else {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }

    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: true  // writing direction
        case 0x2028, 0x2029, 0xFEFF: true
        default: false
        }
    }

    /// How many columns the text takes. Escape sequences are not known here: measure before painting.
    package static func width(_ text: String) -> Int {
        var width = 0
        for character in text { width += self.width(character) }
        return width
    }

    /// 0, 1 or 2 columns: a cluster is as wide as its widest scalar; U+FE0F asks for the (wide) emoji form.
    package static func width(_ character: Character) -> Int {
        if let ascii = character.asciiValue { return ascii < 0x20 || ascii == 0x7F ? 0 : 1 }
        var width = 0
        for scalar in character.unicodeScalars {
            if scalar.value == 0xFE0F { return 2 }
            width = max(width, self.width(scalar))
        }
        return width
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .control, .format: return 0
        default: return EastAsianWidth.isWide(scalar.value) ? 2 : 1
        }
    }

    /// The text in at most `columns` columns. What is too long loses its middle, since both the start and the end of
    /// a path tell something: `/var/lib…/volume-3`.
    package static func fitted(_ text: String, columns: Int, ellipsis: String = "…") -> String {
        guard width(text) > columns else { return text }
        let room = columns - width(ellipsis)
        guard room >= 2 else { return prefix(text, columns: columns) }
        let head = prefix(text, columns: room / 2)
        let tail = suffix(text, columns: room - width(head))
        return head + ellipsis + tail
    }

    private static func prefix(_ text: String, columns: Int) -> String {
        var left = columns
        return String(
            text.prefix { character in
                left -= width(character)
                return left >= 0
            })
    }

    private static func suffix(_ text: String, columns: Int) -> String {
        var left = columns
        var start = text.endIndex
        while start > text.startIndex {
            let before = text.index(before: start)
            left -= width(text[before])
            if left < 0 { break }
            start = before
        }
        return String(text[start...])
    }
}
