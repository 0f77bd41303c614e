package import Base

/// The seam for the disk: `SystemDisk` asks the kernel, the simulation of the tests has a disk that forgets what was not
/// synced, is full, and dies at any of these calls.
///
/// What always holds: a folder is opened once and everything in it is done by name below that handle, never by a path, and
/// no symbolic link is followed. A name is one part, without `/`.
package protocol LogDisk: Sendable {
    /// Opens the folder at `path`.
    ///
    /// - Parameter account: who the file system is to see; nil for the process's own user.
    /// - Throws: `folder-unsafe` where users other than `account` (or root) may change what is in it.
    func folder(_ path: String, as account: DiskAccount?) throws(ApusError) -> any LogFolder
    /// The absolute paths of regular files that match, in order; links are not among them.
    func matches(_ pattern: String) -> [String]
    /// What the pattern names and we cannot: names that are no UTF-8, with U+FFFD in them.
    func unnamable(_ pattern: String) -> [String]
}

package struct DiskAccount: Sendable, Hashable {
    package let user: UInt32
    package let group: UInt32

    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }
}

package protocol LogFolder: Sendable {
    var path: String { get }
    func names() throws(ApusError) -> [String]
    /// Nil where there is nothing of that name.
    func status(_ name: String) throws(ApusError) -> FileState?
    /// Opens a regular file that has one name only (unless `allowHardLinks`).
    ///
    /// - Throws: `file-missing`, `file-unsafe` for what is no plain file.
    func open(_ name: String, _ access: FileAccess, allowHardLinks: Bool) throws(ApusError) -> any LogFile
    /// Makes a new file that was not there before, 0600, then with these attributes.
    ///
    /// - Throws: `file-exists`.
    func create(_ name: String, _ attributes: FileAttributes) throws(ApusError) -> any LogFile
    /// Never replaces: `file-exists` where the new name is taken.
    func rename(_ name: String, to folder: any LogFolder, as newName: String) throws(ApusError)
    /// Replaces what has the new name (a journal by its successor).
    func replace(_ name: String, by newContent: String) throws(ApusError)
    /// Deletes the file if it is still that one; what is gone is no error.
    func remove(_ name: String, _ identity: FileIdentity) throws(ApusError)
    /// Makes names durable.
    func sync() throws(ApusError)
    /// A folder below, made where it is missing.
    func subfolder(_ name: String, make: FileAttributes?) throws(ApusError) -> any LogFolder
}

package enum FileAccess: Sendable { case read, readWrite }

/// Which file, whatever its name: as long as it exists, no other has the same pair.
package struct FileIdentity: Sendable, Hashable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

package struct FileAttributes: Sendable, Equatable {
    package var mode: UInt32
    package var user: UInt32?
    package var group: UInt32?

    package init(mode: UInt32, user: UInt32? = nil, group: UInt32? = nil) {
        self.mode = mode
        self.user = user
        self.group = group
    }

    /// Of Apus's own files.
    package static let own = FileAttributes(mode: 0o600)
}

package struct FileState: Sendable, Equatable {
    package var identity: FileIdentity
    package var size: Int64
    package var mode: UInt32
    package var user: UInt32
    package var group: UInt32
    package var links: Int
    package var isRegular: Bool
    package var isFolder: Bool
    package var modifiedAt: WallInstant
    package var changedAt: WallInstant

    package init(
        identity: FileIdentity, size: Int64, mode: UInt32, user: UInt32, group: UInt32, links: Int, isRegular: Bool,
        isFolder: Bool, modifiedAt: WallInstant, changedAt: WallInstant
    ) {
        self.identity = identity
        self.size = size
        self.mode = mode
        self.user = user
        self.group = group
        self.links = links
        self.isRegular = isRegular
        self.isFolder = isFolder
        self.modifiedAt = modifiedAt
        self.changedAt = changedAt
    }

    package var attributes: FileAttributes { FileAttributes(mode: mode & 0o7777, user: user, group: group) }
}

package protocol LogFile: Sendable, AnyObject {
    func state() throws(ApusError) -> FileState
    /// Reads until the buffer is full or the file ends.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(ApusError) -> Int
    func write(_ content: UnsafeRawBufferPointer, at offset: Int64) throws(ApusError)
    func truncate(to size: Int64) throws(ApusError)
    /// Says that its content is of another time than that of the last write.
    func setModified(_ time: WallInstant) throws(ApusError)
    /// Content and size are durable afterwards.
    func sync() throws(ApusError)
    /// Takes the first `length` bytes, a multiple of `collapseUnit`, out of the file, which keeps all that is appended
    /// meanwhile.
    func collapse(_ length: Int64) throws(ApusError)
    /// The block size in which this file system can do that; nil where it cannot.
    var collapseUnit: Int64? { get }
    /// Where byte 0 is stored, which tells a collapsed file from one that is not; nil where the file system does not tell.
    func firstBlock() -> UInt64?
    /// Keeps other processes of Apus from rotating the same log until this handle is closed (flock(2)).
    ///
    /// - Throws: `log-locked`.
    func lock() throws(ApusError)
    /// Whether anybody has it open for writing; nil where it cannot be known.
    func hasWriters() -> Bool?
    /// Takes care that nobody else has it open from now on, if nobody has now: who opens it waits until `letOthersIn()`, or
    /// until this handle is closed, but for 45 seconds at most (fcntl(2), "Leases"). For a handle that may write.
    ///
    /// - Returns: False where somebody has it open, or leases are not to be had.
    func keepOthersOut() -> Bool
    /// Whether nobody has waited since `keepOthersOut()`, so that nobody can have got through.
    var keepsOthersOut: Bool { get }
    func letOthersIn()
}

extension LogFile {
    package func read(at offset: Int64, count: Int) throws(ApusError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let filled = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(ApusError) in
            try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    package func write(_ content: [UInt8], at offset: Int64) throws(ApusError) {
        try content.withUnsafeBufferPointer { (bytes) throws(ApusError) in
            try write(UnsafeRawBufferPointer(bytes), at: offset)
        }
    }
}
