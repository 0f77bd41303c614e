import Base
import Glibc

/// The program that runs now, by a name that works also after its file was replaced or moved.
enum ProgramFile {
    static let path = "/proc/self/exe"
    /// Far above any build; a debug binary has 130 MB.
    static let limit = 1 << 30

    static func read() throws(ApusError) -> [UInt8] {
        try Files.read(path, limit: limit)
    }

    /// Whether the file at `other` holds the same bytes; compared piecewise, since it is large.
    static func isSame(as other: String) -> Bool {
        let mine = open(path, O_RDONLY | O_CLOEXEC)
        let theirs = open(other, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        defer {
            if mine >= 0 { close(mine) }
            if theirs >= 0 { close(theirs) }
        }
        var one = stat()
        var two = stat()
        guard fstat(mine, &one) == 0, fstat(theirs, &two) == 0, one.st_size == two.st_size else { return false }
        if one.st_dev == two.st_dev, one.st_ino == two.st_ino { return true }
        return isSame(mine, theirs, size: Int(one.st_size))
    }

    private static func isSame(_ one: Int32, _ two: Int32, size: Int) -> Bool {
        let piece = 256 << 10
        var left = [UInt8](repeating: 0, count: piece)
        var right = left
        var offset = 0
        while offset < size {
            let count = pread(one, &left, min(piece, size - offset), off_t(offset))
            // A short read of the second is taken as a difference: at worst the file is written once more.
            guard count > 0, pread(two, &right, count, off_t(offset)) == count, left[..<count] == right[..<count] else {
                return false
            }
            offset += count
        }
        return true
    }
}
