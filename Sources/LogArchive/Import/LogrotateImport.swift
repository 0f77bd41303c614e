package import Base
import Glibc

/// Turns logrotate's configuration into rules of `apus logs`.
///
/// It reads as logrotate does and never looks at logs, so it can run on another host. Nothing is silently dropped: what a rule
/// cannot say is a note, and stands as a comment in the rule; what logrotate itself refuses is an error, and the rest goes on.
///
/// Bounds: 10,000 files of 16 MiB and 64 MiB together, 16 includes deep, 10,000 definitions, 1,000 errors.
package enum LogrotateImport {
    package struct Rule: Sendable {
        /// The name of its file, without `.yaml`. By these names rules come in logrotate's order where that matters.
        package let name: String
        /// The file's content.
        package let text: String
        package let settings: RuleSettings
        package let place: LogrotatePlace
    }

    package struct Note: Sendable, Equatable, CustomStringConvertible {
        package let place: LogrotatePlace
        package let directive: String
        package let what: String
        /// Whether the rule does all that the definition did: a word for the reader, and nothing is lost.
        package var isHint = false

        package var description: String { "\(place): \(directive): \(what)" }
    }

    package struct Result: Sendable {
        package var rules: [Rule] = []
        /// What could not be translated, or means something else now.
        package var notes: [Note] = []
        /// What logrotate refuses, too: a definition or a file was left out.
        package var errors: [Note] = []
    }

    /// - Parameters:
    ///   - path: `/etc/logrotate.conf`, a folder such as `/etc/logrotate.d`, or another file.
    ///   - home: what `~/` stands for; left out: HOME.
    /// - Throws: `ApusError` `read-failed` when the path itself cannot be read.
    package static func read(_ path: String, home: String? = nil) throws(ApusError) -> Result {
        guard access(path, R_OK) == 0 else { throw Files.failure("read-failed", "cannot read \(path)") }
        let home = home ?? getenv("HOME").map { String(cString: $0) } ?? "/root"
        var parser = LogrotateParser(home: home)
        var options = LogrotateOptions()
        parser.read(path, folder: ".", from: LogrotatePlace(file: path, line: 1), &options)
        return result(parser, home: home)
    }

    /// Reads a text that is in memory; what it includes is read from the file system.
    package static func read(_ text: [UInt8], file: String, home: String = "/root") -> Result {
        var parser = LogrotateParser(home: home)
        var options = LogrotateOptions()
        parser.parse(text, file: file, folder: ".", &options)
        return result(parser, home: home)
    }

    private static func result(_ parser: LogrotateParser, home: String) -> Result {
        var result = Result()
        for problem in parser.problems {
            let note = Note(place: problem.place, directive: "logrotate", what: problem.message)
            if problem.isError { result.errors.append(note) } else { result.notes.append(note) }
        }
        var made: [(block: LogrotateBlock, translated: LogrotateTranslator)] = []
        for block in parser.blocks {
            let translated = LogrotateTranslator(block, home: home)
            result.notes += translated.notes
            if translated.settings.paths.isEmpty {
                result.errors.append(
                    Note(place: block.place, directive: "paths", what: "no path is left: no rule is made"))
            } else {
                made.append((block, translated))
            }
        }
        noteSharedPaths(made, &result)
        let names = RuleNames.names(made.map { ($0.block.place.file, $0.translated.settings.paths) })
        for (name, (block, translated)) in zip(names, made) {
            let text = text(of: translated, place: block.place)
            result.rules.append(Rule(name: name, text: text, settings: translated.settings, place: block.place))
        }
        return result
    }

    private static func text(of translated: LogrotateTranslator, place: LogrotatePlace) -> String {
        var comments = ["From \(place) of logrotate."]
        for note in translated.notes {
            comments.append("NOTE \(note.directive) (line \(note.place.line)): \(note.what)")
        }
        return RuleText.yaml(translated.settings, comments: comments)
    }

    /// logrotate refuses a log that two definitions name, unless the first says `ignoreduplicates`; here the first has it.
    private static func noteSharedPaths(
        _ made: [(block: LogrotateBlock, translated: LogrotateTranslator)], _ result: inout Result
    ) {
        var first: [String: LogrotateBlock] = [:]
        for (block, translated) in made {
            for path in translated.settings.paths {
                guard let owner = first[path] else {
                    first[path] = block
                    continue
                }
                let error = owner.options.ignoreDuplicates ? "" : ", which logrotate calls an error"
                let what = "\(path) is in the definition at \(owner.place), too\(error): that one has it"
                result.notes.append(Note(place: block.place, directive: "paths", what: what))
            }
        }
    }
}
