import Settings

/// Cuts a template into parts. It looks for `{{`, `{%` and `{#` only, byte by byte; what is between is copied.
struct TemplateParser {
    private let source: [UInt8]
    private var place = 0
    private var depth = 0

    init(_ source: [UInt8]) { self.source = source }

    mutating func parse() throws(TemplateFault) -> [TemplatePart] {
        let (parts, end) = try block(until: [])
        if let end { throw TemplateFault(.syntax, "\(end.word) has nothing to end", at: end.offset) }
        return parts
    }

    /// A `{% … %}` as words.
    private struct Tag {
        let word: String
        var parser: ExpressionParser
        let offset: Int
    }

    /// Reads parts until one of the tags `ends`, or the end of the text.
    private mutating func block(until ends: Set<String>) throws(TemplateFault) -> ([TemplatePart], Tag?) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= TemplateLimits.blockDepth else {
            throw TemplateFault(.limit, "blocks are nested more than \(TemplateLimits.blockDepth) deep", at: place)
        }
        var parts: [TemplatePart] = []
        while place < source.count {
            let start = place
            guard let open = nextOpening() else {
                append(source[start...], to: &parts)
                place = source.count
                break
            }
            var text = source[start..<open]
            let kind = source[open + 1]
            let trimsBefore = open + 2 < source.count && source[open + 2] == UInt8(ascii: "-")
            if trimsBefore { text = TemplateParser.trimmedEnd(text) }
            append(text, to: &parts)
            let inner = open + (trimsBefore ? 3 : 2)
            switch kind {
            case UInt8(ascii: "#"): try skipComment(open)
            case UInt8(ascii: "{"):
                let end = try close(inner, UInt8(ascii: "}"), open)
                parts.append(.output(try ExpressionParser.parse(source[inner..<end]), inner))
            default:
                let end = try close(inner, UInt8(ascii: "%"), open)
                var lexer = ExpressionLexer(source[inner..<end])
                var parser = ExpressionParser(try lexer.tokens())
                let word = try parser.name()
                if ends.contains(word) { return (parts, Tag(word: word, parser: parser, offset: open)) }
                try take(Tag(word: word, parser: parser, offset: open), &parts)
            }
        }
        guard ends.isEmpty else {
            throw TemplateFault(.syntax, "\(ends.sorted().joined(separator: " or ")) is missing", at: source.count)
        }
        return (parts, nil)
    }

    private func append(_ bytes: ArraySlice<UInt8>, to parts: inout [TemplatePart]) {
        if !bytes.isEmpty { parts.append(.text(Array(bytes))) }
    }

    private func nextOpening() -> Int? {
        var index = place
        while index + 1 < source.count {
            guard let brace = source[index...].firstIndex(of: UInt8(ascii: "{")), brace + 1 < source.count else {
                return nil
            }
            let next = source[brace + 1]
            if next == UInt8(ascii: "{") || next == UInt8(ascii: "%") || next == UInt8(ascii: "#") { return brace }
            index = brace + 1
        }
        return nil
    }

    /// The end of what begins at `inner`; texts in quotes may hold the closing braces.
    private mutating func close(_ inner: Int, _ mark: UInt8, _ open: Int) throws(TemplateFault) -> Int {
        var index = inner
        var quote: UInt8?
        var braces = 0
        while index < source.count {
            let byte = source[index]
            if let current = quote {
                if byte == UInt8(ascii: "\\") { index += 1 } else if byte == current { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == mark, index + 1 < source.count, source[index + 1] == UInt8(ascii: "}"), braces == 0 {
                let trims = index > inner && source[index - 1] == UInt8(ascii: "-")
                place = index + 2
                skipAfter(trims: trims, isTag: mark == UInt8(ascii: "%"))
                return trims ? index - 1 : index
            } else if mark == UInt8(ascii: "}"), byte == UInt8(ascii: "{") {
                braces += 1
            } else if mark == UInt8(ascii: "}"), byte == UInt8(ascii: "}"), braces > 0 {
                braces -= 1
            }
            index += 1
        }
        throw TemplateFault(.syntax, "this is not closed", at: open)
    }

    private mutating func skipAfter(trims: Bool, isTag: Bool) {
        if trims {
            while place < source.count, TemplateParser.isSpace(source[place]) { place += 1 }
        } else if isTag, place < source.count, source[place] == 0x0A {
            place += 1
        } else if isTag, place + 1 < source.count, source[place] == 0x0D, source[place + 1] == 0x0A {
            place += 2
        }
    }

    private mutating func skipComment(_ open: Int) throws(TemplateFault) {
        var index = open + 2
        while index + 1 < source.count {
            if source[index] == UInt8(ascii: "#"), source[index + 1] == UInt8(ascii: "}") {
                place = index + 2
                return skipAfter(trims: source[index - 1] == UInt8(ascii: "-"), isTag: true)
            }
            index += 1
        }
        throw TemplateFault(.syntax, "the comment is not closed", at: open)
    }

    // MARK: Tags

    private mutating func take(_ tag: Tag, _ parts: inout [TemplatePart]) throws(TemplateFault) {
        var tag = tag
        switch tag.word {
        case "if": parts.append(try conditional(&tag))
        case "for": parts.append(try loop(&tag))
        case "set":
            let name = try tag.parser.name()
            try tag.parser.expect("=")
            let value = try tag.parser.expression()
            try tag.parser.expectEnd()
            parts.append(.set(name, value, tag.offset))
        case "raw":
            try tag.parser.expectEnd()
            append(try rawText(tag.offset), to: &parts)
        case "include":
            let name = try tag.parser.expression()
            try tag.parser.expectEnd()
            parts.append(.include(name, tag.offset))
        default:
            if ["endif", "endfor", "endraw", "else", "elif"].contains(tag.word) {
                throw TemplateFault(.syntax, "\(tag.word) has nothing to end", at: tag.offset)
            }
            let known = ["if", "elif", "else", "endif", "for", "endfor", "set", "raw", "include"]
            let hint = Suggestion.sentence(for: tag.word, among: known)
            throw TemplateFault(.syntax, "the tag \(tag.word) has no meaning here\(hint)", at: tag.offset)
        }
    }

    private mutating func conditional(_ tag: inout Tag) throws(TemplateFault) -> TemplatePart {
        var branches: [(condition: ExpressionNode?, parts: [TemplatePart])] = []
        var condition: ExpressionNode? = try tag.parser.expression()
        try tag.parser.expectEnd()
        while true {
            let (parts, end) = try block(until: condition == nil ? ["endif"] : ["elif", "else", "endif"])
            branches.append((condition, parts))
            guard var end else { break }
            if end.word == "endif" { break }
            condition = end.word == "elif" ? try end.parser.expression() : nil
            try end.parser.expectEnd()
        }
        return .conditional(branches)
    }

    private mutating func loop(_ tag: inout Tag) throws(TemplateFault) -> TemplatePart {
        var names = [try tag.parser.name()]
        while tag.parser.take(",") { names.append(try tag.parser.name()) }
        guard tag.parser.takeName("in") else { throw TemplateFault(.syntax, "wanted in", at: tag.parser.token.offset) }
        // `for x in xs if x.ok` is a filter of the loop and no inline if: one without an else.
        var items = try tag.parser.expression()
        var condition: ExpressionNode?
        if case .conditional(let test, let list, nil, _) = items { (items, condition) = (list, test) }
        try tag.parser.expectEnd()
        let (parts, end) = try block(until: ["else", "endfor"])
        var otherwise: [TemplatePart] = []
        if end?.word == "else" { otherwise = try block(until: ["endfor"]).0 }
        return .loop(names: names, items, condition: condition, parts: parts, otherwise: otherwise, tag.offset)
    }

    /// Everything up to `{% endraw %}` as it is.
    private mutating func rawText(_ open: Int) throws(TemplateFault) -> ArraySlice<UInt8> {
        let start = place
        var index = place
        while let brace = source[index...].firstIndex(of: UInt8(ascii: "{")) {
            var inner = brace + 1
            guard inner < source.count, source[inner] == UInt8(ascii: "%") else {
                index = brace + 1
                continue
            }
            inner += 1
            let trims = inner < source.count && source[inner] == UInt8(ascii: "-")
            if trims { inner += 1 }
            while inner < source.count, TemplateParser.isSpace(source[inner]) { inner += 1 }
            guard source[inner...].starts(with: "endraw".utf8) else {
                index = brace + 1
                continue
            }
            _ = try close(inner, UInt8(ascii: "%"), brace)
            let text = source[start..<brace]
            return trims ? TemplateParser.trimmedEnd(text) : text
        }
        throw TemplateFault(.syntax, "endraw is missing", at: open)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private static func trimmedEnd(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        text[..<(text.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? text.startIndex)]
    }
}
