/// A file that is not there yet and wants nothing special: no validation, no backup, a small content, a plain name.
struct NewFile: Sendable, Equatable {
    /// What a group of files has in common.
    struct Likeness: Sendable, Equatable {
        let folder: String
        /// In octal, as chmod(1) takes it.
        let mode: String
        /// `-` where nothing is said of it.
        let owner: String
        let group: String
    }

    private static let longestName = 80

    let likeness: Likeness
    let name: String

    /// Nil for a name that the shell's `*`, an archive or `apus_pour` (`.gz`) would treat in a way of their own, and for
    /// contents that are sent compressed.
    init?(_ likeness: Likeness, name: String, content: Content) {
        guard content.size < TarPayload.leastCompressedBytes, name.utf8.count <= NewFile.longestName,
            let first = name.utf8.first, first != UInt8(ascii: "."),
            first != UInt8(ascii: "-"), !name.hasSuffix(".gz"), name.utf8.allSatisfy(NewFile.isPlain)
        else { return nil }
        self.likeness = likeness
        self.name = name
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// Steps that follow each other and each make a new file in the same folder, put in place together: some eight programs
/// are started for all of them, where each alone takes three and an fsync(2) of its own. A thousand files take seconds less.
///
/// When anything fails, each file that is not in place yet is made by its own step, which says what is wrong with it.
struct NewFiles {
    /// Fewer are made one by one.
    static let fewest = 4
    /// Their names go to one command, which takes 128 KiB at the least.
    static let most = 200

    struct Member {
        let number: Int
        let file: NewFile
    }

    private(set) var members: [Member] = []

    /// Takes the file when it goes with those before it.
    mutating func take(_ number: Int, _ file: NewFile) -> Bool {
        guard members.count < NewFiles.most else { return false }
        if let first = members.first {
            let isTaken = members.contains { $0.file.name == file.name }
            guard first.file.likeness == file.likeness, !isTaken else { return false }
        }
        members.append(Member(number: number, file: file))
        return true
    }
}
