import Base
import Glibc

/// The receiving end of sd_notify(3), in place of systemd.
package final class NotifyReceiver: Sendable {
    package let path: String
    private let descriptor: Int32

    package init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        precondition(bytes.count < 108, "the path of a Unix socket is short")
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Files.failure("bind-failed", "cannot bind \(path)") }
    }

    deinit { close(descriptor) }

    /// The next message; waits for it.
    package func receive() -> String { next(flags: 0) ?? "" }

    /// Every message that has arrived.
    package func receiveAll() -> [String] {
        var messages: [String] = []
        while let message = next(flags: Int32(MSG_DONTWAIT)) { messages.append(message) }
        return messages
    }

    private func next(flags: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = recv(descriptor, &buffer, buffer.count, flags)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
