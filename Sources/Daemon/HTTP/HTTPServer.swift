package import Base
import Hummingbird
package import HummingbirdCore
import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// An HTTP/1.1 server on a leased listening socket, which lets go without hurting a client:
///
/// 1. While it serves, connections are kept alive; at most `connectionLimit` of them, further ones are closed at once.
/// 2. From `drain` on it accepts nothing (the socket stays open in the pool, so a successor takes the waiting connections)
///    and says `Connection: close` in each answer, so that clients come back to the successor.
/// 3. After `settleTime`, connections that are idle are closed; those with a request under way end with its answer.
/// 4. When the task is cancelled (the drain deadline), whatever is left is closed.
package struct HTTPServer: Sendable {
    package typealias Responder = @Sendable (Request, any Channel) async -> Response

    package struct Limits: Sendable {
        package var connections = 512
        package var headerBytes = 16 << 10
        package var idleTimeout = Duration.seconds(75)
        /// How long idle connections may still bring a request after the drain has begun.
        package var settleTime = Duration.seconds(1)

        package init() {}
    }

    let lease: ListenerLease
    let limits: Limits
    let time: any TimeSource
    let logger: Logger
    let respond: Responder

    /// Serves until `drain` opens and the last connection has ended, or until the task is cancelled.
    package func run(drain: Latch) async throws {
        let connections = OpenConnections(limit: limits.connections)
        let channelType = http1(drain: drain)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.tcp_nodelay), value: lease.address.isUnix ? 0 : 1)
            .bind(try lease.duplicate()) { channel in channelType.setup(channel: channel, logger: logger) }
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await accept(server, as: channelType, into: connections) }
                group.addTask { await stopAccepting(server.channel, connections, at: drain) }
                await group.next()
                group.cancelAll()
            }
        } onCancel: {
            server.channel.close(promise: nil)
            connections.closeAll()
        }
    }

    private func http1(drain: Latch) -> HTTP1Channel {
        HTTP1Channel(
            responder: { request, writer, channel in
                var response = await respond(request, channel)
                if drain.isOpen { response.headers[.connection] = "close" }
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(
                idleTimeout: .nanoseconds(limits.idleTimeout.wholeNanoseconds),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes, maxHeaderFieldCount: 100)))
    }

    /// Accepts until the server channel is closed, and returns when the last connection has ended.
    private func accept(
        _ server: NIOAsyncChannel<HTTP1Channel.Value, Never>, as channelType: HTTP1Channel,
        into connections: OpenConnections
    ) async {
        await withDiscardingTaskGroup { group in
            do {
                try await server.executeThenClose { inbound in
                    for try await connection in inbound {
                        if !connections.insert(connection.channel) { connection.channel.close(promise: nil) }
                        group.addTask { await channelType.handle(value: connection, logger: logger) }
                    }
                }
            } catch {
                logger.debug("listening ended", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Returns only when cancelled: it is `accept` that ends the server.
    private func stopAccepting(_ server: any Channel, _ connections: OpenConnections, at drain: Latch) async {
        do {
            try await drain.wait()
            try? await server.close()
            try await time.sleep(for: limits.settleTime)
            connections.quiesce()
            try await Latch().wait()
        } catch {}
    }
}

/// The connections of one server, so that they can be told to end.
private final class OpenConnections: Sendable {
    private let limit: Int
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: False when the limit is reached; the channel is then not kept.
    func insert(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isKept = channels.withLock { channels in
            guard channels.count < limit else { return false }
            channels[id] = channel
            return true
        }
        if isKept {
            channel.closeFuture.whenComplete { _ in self.channels.withLock { _ = $0.removeValue(forKey: id) } }
        }
        return isKept
    }

    /// Closes those that are idle; those with a request under way close after its answer.
    func quiesce() {
        for channel in all { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    func closeAll() {
        for channel in all { channel.close(promise: nil) }
    }

    private var all: [any Channel] { channels.withLock { Array($0.values) } }
}
