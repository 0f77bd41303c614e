package import Base
import Glibc

/// Tells systemd how the service fares, by the protocol of sd_notify(3): one datagram to the socket that `NOTIFY_SOCKET`
/// names. Without that variable every call does nothing, so the daemon runs the same way outside systemd.
package struct SystemdNotifier: Sendable {
    private let socketPath: String?

    /// - Parameter environment: The process's environment; read once, so that children do not notify in our name.
    package init(environment: [String: String]) {
        socketPath = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
    }

    package var isActive: Bool { socketPath != nil }

    package func ready(status: String) { send("READY=1\nSTATUS=\(oneLine(status))") }

    /// The start of a reload. `Type=notify-reload` asks for the monotonic clock in microseconds beside it.
    package func reloading(now: MonotonicInstant) {
        send("RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1000)")
    }

    package func status(_ status: String) { send("STATUS=\(oneLine(status))") }
    package func stopping() { send("STOPPING=1\nSTATUS=draining") }
    package func watchdog() { send("WATCHDOG=1") }

    private func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    /// A failure is ignored: a supervisor that does not listen must not hurt the service.
    private func send(_ message: String) {
        guard let socketPath else { return }
        var address = sockaddr_un()
        let bytes = Array(socketPath.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            path.copyBytes(from: bytes)
            // A leading @ stands for the NUL of an abstract socket's name.
            if bytes.first == UInt8(ascii: "@") { path[0] = 0 }
        }
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                _ = sendto(descriptor, message, message.utf8.count, Int32(MSG_NOSIGNAL), target, length)
            }
        }
    }
}
