import Glibc

/// Memory that ends at a page which cannot be read: bytes put at its end make any read beyond them a crash.
final class GuardedMemory {
    static let page = 4096
    private let base: UnsafeMutableRawPointer
    private let size: Int

    /// `capacity` bytes at most, rounded up to whole pages.
    init(capacity: Int) {
        size = (capacity + GuardedMemory.page - 1) / GuardedMemory.page * GuardedMemory.page
        let region = mmap(
            nil, size + GuardedMemory.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let region, region != MAP_FAILED else { preconditionFailure("no memory for the test") }
        base = region
        mprotect(base + size, GuardedMemory.page, PROT_NONE)
    }

    deinit { munmap(base, size + GuardedMemory.page) }

    /// The bytes, which end where the readable memory ends.
    func place(_ bytes: ArraySlice<UInt8>) -> UnsafeRawBufferPointer {
        precondition(bytes.count <= size, "more than the guarded memory holds")
        let start = base + (size - bytes.count)
        bytes.withUnsafeBytes { source in
            if let address = source.baseAddress { start.copyMemory(from: address, byteCount: source.count) }
        }
        return UnsafeRawBufferPointer(start: start, count: bytes.count)
    }
}
