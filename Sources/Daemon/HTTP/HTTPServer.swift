package import Base
import Hummingbird
package import HummingbirdCore
import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// An HTTP/1.1 server on a leased listening socket, which lets go without hurting a client:
///
/// 1. While it serves, connections are kept alive; above `limits.connections`, those that are idle are closed.
/// 2. From `drain` on it takes no new ones (they go to the successor, or wait in the kernel for it) and says `Connection: close` in each answer, so that clients come back to the successor.
/// 3. After `settleTime`, connections that are idle are closed; those with a request under way end with its answer.
/// 4. When the task is cancelled (the drain deadline), whatever is left is closed.
package struct HTTPServer: Sendable {
    package typealias Responder = @Sendable (Request, any Channel) async -> Response

    package struct Limits: Sendable {
        package var connections = 512
        package var headerBytes = 16 << 10
        package var idleTimeout = Duration.seconds(75)
        /// How long a client may take to take one whole answer.
        package var writeTimeout = Duration.seconds(30)
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
        let logger = logger
        let noDelay = lease.address.isUnix ? nil : ChannelOptions.Types.SocketOption(level: .tcp, name: .tcp_nodelay)
        let turn = try await lease.serve { channel in
            // The connection belongs to its own task from here on.
            channelType.setup(channel: channel, logger: logger).flatMap { connection in
                connections.start(connection.channel) { await channelType.handle(value: connection, logger: logger) }
                guard let noDelay else { return channel.eventLoop.makeSucceededVoidFuture() }
                // One that was reset before we looked refuses the option: that is its own misfortune.
                return channel.setOption(noDelay, value: 1).recover { _ in }
            }
        }
        await withTaskCancellationHandler {
            try? await drain.wait()
            lease.stopServing(turn: turn)
            // What is on its way from the kernel still comes, and idle clients may ask once more.
            await settle(connections)
            connections.quiesce()
            await connections.waitUntilNone()
        } onCancel: {
            lease.stopServing(turn: turn)
            connections.closeAll()
        }
        try Task.checkCancellation()
    }

    /// Waits for the settle time, or until there has been nobody for a tenth of it.
    private func settle(_ connections: OpenConnections) async {
        let step = limits.settleTime / 20
        var quietSteps = 0
        for _ in 0..<20 where quietSteps < 2 {
            try? await time.sleep(for: step)
            quietSteps = connections.isEmpty ? quietSteps + 1 : 0
        }
    }

    private func http1(drain: Latch) -> HTTP1Channel {
        // Not `self`: the acceptor keeps this, and a lease in it would keep its own socket open for ever.
        let respond = respond
        let writeTimeout = TimeAmount.nanoseconds(limits.writeTimeout.wholeNanoseconds)
        return HTTP1Channel(
            responder: { request, writer, channel in
                var response = await respond(request, channel)
                if drain.isOpen { response.headers[.connection] = "close" }
                // A client that does not take a whole answer in time is not waited for; a stream has no such end.
                let patience = response.body.contentLength.map { _ in
                    channel.eventLoop.scheduleTask(in: writeTimeout) { channel.close(promise: nil) }
                }
                defer { patience?.cancel() }
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(
                idleTimeout: .nanoseconds(limits.idleTimeout.wholeNanoseconds),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                    maxHeaderFieldCount: 100)))
    }
}

/// The connections of one server, each with the task that serves it, so that they can be told to end and waited for.
private final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var tasks: [ObjectIdentifier: Task<Void, Never>] = [:]
        var isOver = false
        var whenNone: [Latch] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Serves a connection in a task of its own. At the limit, those that are idle (or never finish a request's head) go, so
    /// that nobody shuts others out by keeping connections; at twice the limit, or too late, the new one is closed.
    func start(_ channel: any Channel, _ serve: @escaping @Sendable () async -> Void) {
        let id = ObjectIdentifier(channel)
        let (count, isOver) = state.withLock { state in
            state.channels[id] = channel
            return (state.channels.count, state.isOver)
        }
        if count > limit { makeRoom(for: channel) }
        if isOver || count > 2 * limit { channel.close(promise: nil) }
        let task = Task {
            await serve()
            let waiting = state.withLock { state in
                state.channels[id] = nil
                state.tasks[id] = nil
                return state.channels.isEmpty ? state.whenNone : []
            }
            for latch in waiting { latch.open() }
        }
        state.withLock { state in
            if state.channels[id] != nil { state.tasks[id] = task }
        }
    }

    var isEmpty: Bool { state.withLock { $0.channels.isEmpty } }

    /// Closes those that are idle; those with a request under way close after its answer.
    func quiesce() {
        for channel in all { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    private func makeRoom(for newest: any Channel) {
        for channel in all where channel !== newest {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    /// Closes all, cancels what they wait for, and takes no more.
    func closeAll() {
        let (channels, tasks) = state.withLock { state in
            state.isOver = true
            return (Array(state.channels.values), Array(state.tasks.values))
        }
        for task in tasks { task.cancel() }
        for channel in channels { channel.close(promise: nil) }
    }

    /// Returns when no connection is open. It cannot be cancelled: whoever is in a hurry calls `closeAll`.
    func waitUntilNone() async {
        let latch = Latch()
        let isNone = state.withLock { state in
            state.whenNone.append(latch)
            return state.channels.isEmpty
        }
        if isNone { return }
        await withCheckedContinuation { continuation in
            Task {
                try? await latch.wait()
                continuation.resume()
            }
        }
    }

    private var all: [any Channel] { state.withLock { Array($0.channels.values) } }
}
