import NIOCore
import NIOPosix
import Synchronization

/// The one place that accepts on a listening socket, for as long as the socket is open. Each accepted connection goes to the
/// latest consumer; a reload changes the consumer and nothing else, so no connection falls between two of them.
///
/// (Two acceptors on duplicates of one socket would wake each other up for nothing, and a connection that one of them holds
/// when it closes would be reset.)
final class Acceptor: Sendable {
    /// Sets a connection up; it runs on the connection's event loop.
    typealias Consumer = @Sendable (any Channel) -> EventLoopFuture<Void>

    private struct State {
        var consumer: Consumer?
        var turn = 0
        var server: (any Channel)?
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Gives every connection from now on to `consumer`.
    ///
    /// - Parameter descriptor: A descriptor of the socket for this acceptor alone; used by the first call only.
    /// - Returns: The turn, for `stop`.
    func serve(_ consumer: @escaping Consumer, on descriptor: () throws -> Int32) async throws -> Int {
        let (turn, server) = state.withLock { state in
            state.consumer = consumer
            state.turn += 1
            return (state.turn, state.server)
        }
        if let server {
            try await server.setOption(.autoRead, value: true).get()
        } else {
            try await open(descriptor())
        }
        return turn
    }

    private func open(_ descriptor: Int32) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptBackoffHandler(shouldForwardIOErrorCaught: false))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                guard let consumer = self.state.withLock({ $0.consumer }) else {
                    return channel.close()
                }
                return consumer(channel)
            }
            .withBoundSocket(descriptor).get()
        let isClosed = state.withLock { state in
            state.server = server
            return state.isClosed
        }
        if isClosed { server.close(promise: nil) }
    }

    /// Ends a turn. If nobody came after it, nothing is accepted until somebody comes: connections wait in the kernel. What
    /// was accepted already still goes to the consumer of that turn.
    func stop(turn: Int) {
        let server = state.withLock { $0.turn == turn ? $0.server : nil }
        server?.setOption(.autoRead, value: false).whenComplete { _ in
            // A successor that came meanwhile must not find the door shut.
            if self.state.withLock({ $0.turn != turn }) {
                server?.setOption(.autoRead, value: true).whenComplete { _ in }
            }
        }
    }

    func close() {
        let server = state.withLock { state in
            state.isClosed = true
            state.consumer = nil
            return state.server
        }
        server?.close(promise: nil)
    }
}
