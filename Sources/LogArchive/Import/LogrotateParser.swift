/// Reads logrotate's configuration as logrotate 3.21 does (config.c), without looking for the logs themselves.
///
/// Three things can be wrong with a directive: it is told and left out; its definition of logs is left out, up to `}`; or the
/// rest of its file is left out, with what the file had set for all. Later files go on in any case.
///
/// Where we differ: a `}` after blanks, or below a directive that lacks its value, ends a definition that is being skipped,
/// too; a file that includes itself is read once; users, groups and folders are not looked up, since a configuration may be
/// read on another host than its own.
struct LogrotateParser {
    /// Something that logrotate complains about.
    struct Problem: Sendable, Equatable {
        let place: LogrotatePlace
        let message: String
        /// Something was left out that is more than this line.
        var isError = true
    }

    /// How much of its surroundings a wrong directive takes with it.
    enum Refusal: Error {
        /// The definition, or outside of one the file.
        case definition(String)
        case file(String)
    }

    static let mostFiles = 10_000
    static let mostBytes = 64 << 20
    static let mostBlocks = 10_000
    static let mostProblems = 1000
    /// As logrotate's MAX_NESTING.
    static let deepestInclude = 16

    private(set) var blocks: [LogrotateBlock] = []
    private(set) var problems: [Problem] = []
    var taboo = LogrotateTaboo()
    /// The files that are being read, outermost first.
    var open: [String] = []
    var filesLeft = mostFiles
    var bytesLeft = mostBytes
    let home: String

    init(home: String) {
        self.home = home
    }

    /// The file that is being read.
    struct Context {
        let file: String
        /// Where relative names of includes begin: logrotate goes into a folder to read it.
        let folder: String
        var cursor: LogrotateCursor
        var block: LogrotateBlock?
        var directiveLine = 1

        var place: LogrotatePlace { LogrotatePlace(file: file, line: directiveLine) }
    }

    mutating func tell(_ place: LogrotatePlace, _ message: String, isError: Bool = true) {
        guard problems.count < LogrotateParser.mostProblems else { return }
        problems.append(Problem(place: place, message: message, isError: isError))
    }

    mutating func parse(_ bytes: [UInt8], file: String, folder: String, _ options: inout LogrotateOptions) {
        var context = Context(file: file, folder: folder, cursor: LogrotateCursor(bytes))
        let before = options
        do throws(Refusal) {
            while !context.cursor.isAtEnd { try step(&context, &options) }
            guard let block = context.block else { return }
            tell(block.place, "the definition is not closed by }: taken all the same", isError: false)
            append(block)
        } catch {
            let message =
                switch error {
                case .definition(let text), .file(let text): text
                }
            tell(context.place, "\(message): the rest of the file is left out")
            options = before
        }
    }

    private mutating func step(_ context: inout Context, _ options: inout LogrotateOptions) throws(Refusal) {
        context.cursor.skipBlanks()
        context.directiveLine = context.cursor.line
        guard let byte = context.cursor.byte else { return }
        do throws(Refusal) {
            switch byte {
            case LogrotateCursor.newline: context.cursor.advance()
            case UInt8(ascii: "#"): context.cursor.skipLine()
            case UInt8(ascii: "}"): try close(&context)
            case UInt8(ascii: "/"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "~"):
                try open(&context, options)
            case _ where LogrotateCursor.isLetter(byte): try directive(&context, &options)
            default: throw .definition(strange(byte))
            }
        } catch {
            guard case .definition(let message) = error, let block = context.block else { throw error }
            tell(context.place, "\(message): the definition of \(block.patterns.first ?? "logs") is left out")
            context.block = nil
            skipDefinition(&context.cursor)
        }
    }

    private func strange(_ byte: UInt8) -> String {
        let hint = byte == 0x0D ? " (a carriage return: the file has the line ends of DOS)" : ""
        return "lines must begin with a keyword or a file's name" + hint
    }

    private func open(_ context: inout Context, _ options: LogrotateOptions) throws(Refusal) {
        guard context.block == nil else { throw .definition("unexpected name of a log") }
        guard let text = context.cursor.names() else { throw .file("missing { after the names of logs") }
        guard let patterns = LogrotateWords.split(text), !patterns.isEmpty else {
            throw .file("cannot read the names of logs before {")
        }
        var block = LogrotateBlock(patterns: patterns, place: context.place, options: options)
        // logrotate forgets it when it copies what holds for all.
        block.options.addExtension = nil
        context.block = block
    }

    private mutating func close(_ context: inout Context) throws(Refusal) {
        guard let block = context.block else { throw .file("unexpected }") }
        context.block = nil
        append(block)
        context.cursor.advance()
        context.cursor.skipBlanks()
        guard let byte = context.cursor.byte, byte != LogrotateCursor.newline else { return }
        if context.cursor.rest().isEmpty { return }
        tell(context.place, "unexpected text after }", isError: false)
    }

    private mutating func append(_ block: LogrotateBlock) {
        guard blocks.count < LogrotateParser.mostBlocks else {
            return tell(block.place, "more than \(LogrotateParser.mostBlocks) definitions: this one is left out")
        }
        blocks.append(block)
    }

    /// To the `}` at the beginning of a line, past scripts, in which there may be others.
    private func skipDefinition(_ cursor: inout LogrotateCursor) {
        while !cursor.isAtEnd {
            let word = cursor.word()
            if LogrotateOptions.Script(rawValue: word) != nil {
                if cursor.script() == nil { return }
            } else if word.isEmpty, cursor.byte == UInt8(ascii: "}") {
                return cursor.advance()
            } else {
                cursor.skipLine()
                cursor.advance()
            }
        }
    }
}
