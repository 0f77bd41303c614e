import Base
import Glibc
import Synchronization

/// Looks at the command lines of all processes again and again, those of test hosts among them: what stands in one can be
/// read by every user of a machine.
final class ProcessWatch: Sendable {
    private struct State {
        var seen: Set<String> = []
        var isOver = false
    }

    private let state = Mutex(State())

    /// Watches while `body` works.
    ///
    /// - Returns: Every command line that was seen, its words joined by spaces.
    static func during(_ body: (ProcessWatch) async throws -> Void) async throws -> Set<String> {
        let watch = ProcessWatch()
        let thread = Task.detached {
            while !watch.state.withLock({ $0.isOver }) {
                watch.look()
                await Task.yield()
            }
        }
        defer { watch.state.withLock { $0.isOver = true } }
        try await body(watch)
        watch.state.withLock { $0.isOver = true }
        await thread.value
        return watch.state.withLock { $0.seen }
    }

    /// Whether a command line with this text has been seen.
    func hasSeen(_ text: String) -> Bool { state.withLock { $0.seen.contains { $0.contains(text) } } }

    private func look() {
        guard let folder = opendir("/proc") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let first = name.utf8.first, (0x30...0x39).contains(first),
                let line = try? Files.read("/proc/\(name)/cmdline", limit: 1 << 20), !line.isEmpty
            else { continue }
            let text = String(decoding: line.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
            state.withLock { _ = $0.seen.insert(text) }
        }
    }
}
