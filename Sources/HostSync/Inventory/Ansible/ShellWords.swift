/// Splits text into words as Python's `shlex.split` does, which Ansible uses for lines of hosts and for arguments of
/// ssh: quotes group, a backslash escapes outside quotes and, before `"` and `\`, inside double ones.
enum ShellWords {
    struct Word: Equatable {
        var text: String
        /// Where the word begins, in Unicode scalars from the start of the text.
        var offset: Int
    }

    private enum State {
        case outside, word, single, double, escape, escapeInDouble
    }

    /// - Parameter comments: a `#` outside quotes ends the text, even inside a word, as it does for Ansible.
    /// - Throws: for a quote that is not closed and a backslash at the end.
    static func split(_ text: String, comments: Bool) throws(InventoryProblem) -> [Word] {
        var words: [Word] = []
        var word = Word(text: "", offset: 0)
        var state = State.outside
        var offset = -1
        loop: for scalar in text.unicodeScalars {
            offset += 1
            switch (state, scalar) {
            case (.outside, " "), (.outside, "\t"), (.outside, "\r"), (.outside, "\n"): break
            case (.outside, "#") where comments: break loop
            case (.outside, _):
                word = Word(text: "", offset: offset)
                state = begin(scalar, &word)
            case (.word, " "), (.word, "\t"), (.word, "\r"), (.word, "\n"):
                words.append(word)
                state = .outside
            case (.word, "#") where comments:
                words.append(word)
                state = .outside
                break loop
            case (.word, _): state = begin(scalar, &word)
            case (.single, "'"), (.double, "\""): state = .word
            case (.double, "\\"): state = .escapeInDouble
            case (.escapeInDouble, _):
                if scalar != "\"" && scalar != "\\" { word.text.unicodeScalars.append("\\") }
                word.text.unicodeScalars.append(scalar)
                state = .double
            case (.escape, _):
                word.text.unicodeScalars.append(scalar)
                state = .word
            case (.single, _), (.double, _): word.text.unicodeScalars.append(scalar)
            }
        }
        switch state {
        case .outside: break
        case .word: words.append(word)
        case .single, .double, .escapeInDouble: throw InventoryProblem("a quote is not closed")
        case .escape: throw InventoryProblem("a backslash at the end escapes nothing")
        }
        return words
    }

    private static func begin(_ scalar: Unicode.Scalar, _ word: inout Word) -> State {
        switch scalar {
        case "'": return .single
        case "\"": return .double
        case "\\": return .escape
        default:
            word.text.unicodeScalars.append(scalar)
            return .word
        }
    }
}
