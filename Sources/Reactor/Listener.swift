package import Base
import Glibc

/// Accepts on a listening socket for one reactor.
///
/// At most 64 connections a wake-up, so that those that are served already are not kept waiting. When the process or the
/// machine has no descriptors left, it is muted for 100 ms instead of spinning: the kernel keeps the connections.
package final class Listener: EventSource {
    private static let perWake = 64
    private static let pause = Duration.milliseconds(100)
    private let reactor: Reactor
    private let accepted: (Int32, PeerAddress) -> Void
    /// Called with the errno each time that accepting had to pause.
    package var exhausted: ((Int32) -> Void)?

    /// - Parameters:
    ///   - descriptor: A listening socket, non-blocking; owned from now on.
    ///   - accepted: Gets each connection, non-blocking and close-on-exec.
    package init(reactor: Reactor, descriptor: Int32, accepted: @escaping (Int32, PeerAddress) -> Void) {
        self.reactor = reactor
        self.accepted = accepted
        super.init(descriptor: descriptor)
        hasDuplicates = true
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    }

    public override func ready(_ readiness: UInt32) {
        for _ in 0..<Listener.perWake {
            guard let (connection, peer) = Socket.accept(descriptor) else {
                switch errno {
                case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                    exhausted?(errno)
                    reactor.mute(self)
                    reactor.setDeadline(self, reactor.now.advanced(by: Listener.pause))
                default: break
                }
                return
            }
            accepted(connection, peer)
            guard isOpen else { return }
        }
    }

    public override func deadlineReached() {
        reactor.unmuteListener(self)
    }
}
