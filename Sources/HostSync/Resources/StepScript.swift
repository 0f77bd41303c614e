import SSHTransport

/// The shell text that mends one resource, and the contents that it needs on the host.
///
/// It is run in a subshell under `set -e`, with nothing on standard input, a umask of 022 and `LC_ALL=C`; what it prints is
/// the message of a failure. It must converge: run again after having been cut off anywhere, it gives the same end.
package struct StepScript: Sendable {
    package private(set) var lines: [String] = []
    /// Sent before the script; `content(_:)` gives the name of each as it is seen by the script.
    package private(set) var contents: [Content] = []
    /// Set where the whole script is one new plain file: many such files are put in place together (`NewFiles`).
    private(set) var newFile: NewFile?

    package init() {}

    package var isEmpty: Bool { lines.isEmpty }

    /// Adds one command: a word as it is for the program's name, the rest quoted.
    package mutating func run(_ words: String...) {
        text(ShellText.quoted(words))
    }

    /// Adds shell text as it is. Whatever comes from a declaration or a host must be quoted with `ShellText`.
    package mutating func text(_ text: String) {
        lines.append(text)
        newFile = nil
    }

    /// Says that what was added so far does no more than make this file.
    mutating func isOnly(_ file: NewFile) {
        newFile = file
    }

    /// Takes a content along and returns the word, quoted, by which the script reads it: a file in the stage folder.
    package mutating func content(_ content: Content) -> String {
        contents.append(content)
        newFile = nil
        return "\"$S/\(Self.placeholder)\(contents.count - 1)\""
    }

    /// Stands for the resource's number, which is not known yet.
    static let placeholder = "c@"

    /// Every line with the placeholders of its contents replaced: `c12-0`.
    func resolved(number: Int) -> [String] {
        contents.isEmpty ? lines : lines.map { $0.replacing("$S/" + Self.placeholder, with: "$S/c\(number)-") }
    }

    /// Every line with the one content's word replaced: it stands under another name.
    func resolved(content name: String) -> [String] {
        lines.map { $0.replacing("$S/\(Self.placeholder)0", with: "$S/\(name)") }
    }
}

/// Bytes on their way to a host: in memory, or a local file that is read while it is sent.
package enum Content: Sendable, Equatable {
    case bytes([UInt8])
    /// Size in bytes and SHA-256 as they were when the plan was made: another size or digest cuts the leg off.
    case file(path: String, size: Int, digest: String)

    package var size: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(_, let size, _): size
        }
    }
}
