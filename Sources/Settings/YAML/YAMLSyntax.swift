import CYAML

/// libyaml's error in words for somebody who edits a configuration, at the place where to look.
struct YAMLSyntax {
    let text: UnsafeBufferPointer<UInt8>

    func problem(of parser: yaml_parser_t) -> (position: SourcePosition, message: String) {
        let words = parser.problem.map { String(cString: $0) } ?? "unknown problem"
        let context = parser.context.map { String(cString: $0) }
        let position = SourcePosition(parser.problem_mark)
        if isTab(position) || words.contains("tab character") {
            return (position, "found a tab where YAML wants spaces: indent with spaces")
        }
        if parser.error == YAML_MEMORY_ERROR { return (position, "there is not enough memory to read the file") }
        var message = YAMLSyntax.reworded(words, context: context)
        let start = SourcePosition(parser.context_mark)
        if context != nil, start < position, start != .start { message += " (it begins at \(start))" }
        return (position, message)
    }

    private func isTab(_ position: SourcePosition) -> Bool {
        var line = 1
        var offset = 0
        while line < position.line, offset < text.count {
            if text[offset] == 0x0A || (text[offset] == 0x0D && !(offset + 1 < text.count && text[offset + 1] == 0x0A))
            {
                line += 1
            }
            offset += 1
        }
        // Only the indentation of a line concerns us, and that is ASCII: a byte is a column.
        for index in offset..<min(text.count, offset + position.column) where text[index] == 0x09 {
            return text[offset..<index].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x2D }
        }
        return false
    }

    private static func reworded(_ words: String, context: String?) -> String {
        for (key, sentence) in sentences where words.contains(key) { return sentence }
        return "not valid YAML: \(words)" + (context.map { " \($0)" } ?? "")
    }

    /// libyaml's phrase and ours; the first that fits.
    private static let sentences: [(String, String)] = [
        (
            "mapping values are not allowed in this context",
            "a \":\" cannot stand here: indent the line like its neighbours, or put the text in quotes"
        ),
        (
            "could not find expected ':'",
            "found no \":\" after a key: write key: value, or indent the line under its key"
        ),
        (
            "did not find expected key",
            "wanted a key here: the line is indented differently from its neighbours, or a quote is not closed"
        ),
        (
            "did not find expected '-' indicator",
            "wanted \"- \" here: the line is indented differently from the list's other items"
        ),
        ("did not find expected ',' or ']'", "wanted \",\" or \"]\" in a list that is open"),
        ("did not find expected ',' or '}'", "wanted \",\" or \"}\" in a mapping that is open"),
        ("found unexpected end of stream", "a quoted text is not closed before the end of the file"),
        ("found unexpected document indicator", "a quoted text is not closed before --- or ..."),
        ("found character that cannot start any token", "a value cannot begin with this character: put it in quotes"),
        (
            "block sequence entries are not allowed in this context",
            "a list item (- ) cannot stand here: put it on its own line, indented under its key"
        ),
        ("block mapping entries are not allowed", "a key cannot stand here: put it on its own line"),
        (
            "found unknown escape character",
            "unknown escape after \"\\\": write \\\\ for a backslash, or use single quotes"
        ),
        ("did not find expected hexdecimal number", "wanted hexadecimal digits after \\x, \\u or \\U"),
        ("found invalid Unicode character escape code", "the escape names no Unicode character"),
        (
            "did not find expected <document start>",
            "the file goes on after its first value: a mapping's keys must all start in the same column"
        ),
        (
            "did not find expected node content",
            "wanted a value here: text that begins with [, { or : is written in quotes"
        ),
        (
            "did not find expected alphabetic or numeric character",
            "wanted a name of letters and digits after & or *; a text that begins so must be quoted"
        ),
        ("found undefined tag handle", "the tag is not declared: put the text in quotes if it begins with \"!\""),
        ("found incompatible YAML document", "the %YAML directive names a version that is not read: remove it"),
        ("exceeded maximum depth", "nested too deeply"),
    ]
}
