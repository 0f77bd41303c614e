package import Base
import Envelope
package import ObjectStore

/// A segment of a log on its way: rotated, sealed, stored, noted in the manifest, gone from here. It is the fold of its
/// records in the journal (`apply`), and nothing else decides what comes next.
package struct Generation: Sendable {
    package enum Method: String, Sendable { case rename, copytruncate, copy }

    /// What is durable of it. Each stage is entered by one record, after what it says is on disk or in the store.
    package enum Stage: Int, Sendable, Comparable {
        /// Meant, perhaps done: the disk tells.
        case planned
        /// The bytes are in a working file; the log may have been cut since.
        case copied
        /// It has its own file and name.
        case rotated
        /// The writer has been told, and no longer writes to it.
        case ready
        /// A sealed file stands in its place on this host.
        case sealed
        /// The store has it, compared byte for byte by checksum and size.
        case stored
        /// The manifest has it.
        case noted

        package static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    /// 16 hexadecimal digits, never used twice: milliseconds since 1970 and 20 random bits.
    package let id: String
    package var rule: String
    /// The log's path.
    package let log: String
    package let method: Method
    package let rotatedAt: WallInstant
    /// The folder of its file on this host.
    package let folder: String
    package var name: String
    /// The name that it is being given, when a renaming may have been done already.
    package var nextName: String?
    package var stage = Stage.planned
    /// The file: the log itself until it is renamed, the working file of a copy afterwards.
    package var identity: FileIdentity
    /// Bytes of plain content; of a planned rename, what the log had then.
    package var size: Int64
    package var copy: CopyState?
    /// Whether the writer has been told that its log has another name now.
    package var isTold = false
    package var survey: Survey?
    package var attempt: SealAttempt?
    /// A sealed file that may have its name already.
    package var sealing: SealedFile?
    package var sealed: SealedFile?
    package var stored: StoredObject?
    /// Whether nothing of it is on this host any more.
    package var isGone = false

    /// Where its files are on this host, or may be when a step of it was cut off.
    package var paths: [String] {
        [name, nextName, sealing?.name, sealed?.name].compactMap { $0 }.map { "\(folder)/\($0)" }
    }

    /// What must be known to tell whether the log was cut before a crash.
    package struct CopyState: Sendable, Equatable {
        package let part: String
        package let length: Int64
        package let logIdentity: FileIdentity
        package let logSize: Int64
        package let firstBlock: UInt64?
        /// Whether bytes are taken out of the log (collapse), or the log is made empty.
        package let collapses: Bool
    }

    /// A sealed file beside the log.
    package struct SealedFile: Sendable, Equatable {
        package let name: String
        package let identity: FileIdentity
        package let size: Int64
        package let digest: String
    }

    package struct StoredObject: Sendable, Equatable {
        package let store: String
        package let key: String
        package let size: Int64
        package let eTag: String
        package let digest: String
        /// Provider, key and version of the wrapped data key.
        package let keyText: String?
        package let at: WallInstant
    }
}

/// What is known of a generation's content by reading it once.
package struct Survey: Sendable, Equatable {
    package var bytes: Int64 = 0
    /// Line feeds.
    package var lines: Int64 = 0
    /// Hexadecimal SHA-256.
    package var sha256 = ""
    /// The times of the first and the last line that have one, in milliseconds since 1970.
    package var firstTime: Int64?
    package var lastTime: Int64?

    package init() {}
}

/// One try to seal and store: everything from which the sealed bytes follow, so that they can be made again.
///
/// The same key and salt never go with other content: before a part leaves, its digest is in the journal, and a try whose
/// parts come out differently (another zstd, another content) is given up for one with a new key.
package struct SealAttempt: Sendable, Equatable {
    package var number: Int
    /// Where the object will be.
    package var store: String
    package var key: String
    package var recipe: SealRecipe
    /// Of the file that is read, when the try began.
    package var changedAt: WallInstant
    package var upload: UploadID?
    package var partBytes: Int
    package var parts: [Part] = []

    package struct Part: Sendable, Equatable {
        package let digest: String
        package var receipt: PartReceipt?
    }
}
