import Synchronization

/// Buffers for plain frames, used again and again: a fresh one would cost a page fault every 4 KiB of every frame.
final class PlainBuffers: Sendable {
    /// `@unchecked Sendable`: a buffer has one user at a time, between `take` and `give`.
    final class Buffer: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer

        fileprivate init(_ count: Int) {
            bytes = .allocate(byteCount: count, alignment: 4096)
        }

        deinit { bytes.deallocate() }
    }

    private let size: Int
    private let idle = Mutex<[Buffer]>([])

    init(size: Int) {
        self.size = size
    }

    func take() -> Buffer { idle.withLock { $0.popLast() } ?? Buffer(size) }
    func give(_ buffer: Buffer) { idle.withLock { $0.append(buffer) } }
}
