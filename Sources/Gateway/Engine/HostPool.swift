import Base
import Glibc
import HTTPWire
import Reactor

/// One worker's connections to one host. Those that are idle are used again, the youngest first, so that what is too many
/// grows old and is closed.
///
/// Bounds: connections by the limits of host and group, which all workers share (`HostPool+Waiting`); waiting attempts by
/// `maxPending`.
final class HostPool {
    unowned(unsafe) let worker: Worker
    let group: UpstreamGroup
    let host: UpstreamHost
    var idle: [UpstreamConnection] = []
    var pending: [Attempt] = []
    var multiplexed: HTTP2Upstream?
    /// Whether the last connection that became free stayed here although others waited for it.
    var keptLast = false
    private var connectionCount = 0
    /// The host left the group: connections close as they become idle.
    private(set) var isRetired = false

    init(worker: Worker, group: UpstreamGroup, host: UpstreamHost) {
        self.worker = worker
        self.group = group
        self.host = host
    }

    var idleCount: Int { idle.count }
    var openCount: Int { connectionCount }
    var pendingCount: Int { pending.count }

    /// Gives the attempt a connection: at once, or when one is ready.
    func acquire(_ attempt: Attempt) {
        if let multiplexed, multiplexed.isUsable { return multiplexed.use(attempt) }
        while let connection = idle.popLast() {
            guard connection.isOpen else { continue }
            return connection.use(attempt, isReuse: true)
        }
        acquireFresh(attempt)
    }

    /// As `acquire`, without those that were idle.
    func acquireFresh(_ attempt: Attempt) {
        guard group.takeConnection(to: host) else { return wait(attempt) }
        connect(for: attempt)
    }

    func connect(for attempt: Attempt?) {
        connectionCount += 1
        switch Socket.connect(to: host.address) {
        case .failure(let failure):
            connectionCount -= 1
            group.giveConnection(to: host)
            if group.isAwaited(host, besides: 0) { offerLater() }
            guard let attempt else { return }
            // Without descriptors it is this process that fails, and no host.
            let isOurs = failure.code == EMFILE || failure.code == ENFILE
            if isOurs { worker.telemetry.refused("out of descriptors") }
            attempt.exchange.failed(attempt, isOurs ? .overload : .connectFailure)
        case .success(let descriptor):
            if group.rules.speaksHTTP2Plain {
                begin(HTTP2Upstream(worker: worker, pool: self, descriptor: descriptor, for: attempt), for: attempt)
            } else {
                begin(
                    UpstreamConnection(worker: worker, pool: self, descriptor: descriptor, for: attempt), for: attempt)
            }
        }
    }

    private func begin(_ connection: StreamConnection, for attempt: Attempt?) {
        guard worker.reactor.add(connection) else {
            return connection.broke(nil)
        }
        let limit = attempt?.exchange.route.settings.timeouts.connect ?? group.rules.connectTimeout
        worker.reactor.setDeadline(connection, worker.reactor.now.advanced(by: limit))
    }

    /// From now on requests share this connection.
    func adopt(_ connection: HTTP2Upstream) {
        multiplexed = connection
        streamEnded(on: connection)
    }

    /// A connection that requests share has room for those that wait; if it is others' turn, it ends with the requests that
    /// are on it.
    func streamEnded(on connection: HTTP2Upstream) {
        guard connection.isOpen, multiplexed === connection else { return }
        guard !isOwedToOthers else {
            multiplexed = nil
            return connection.drain()
        }
        while connection.isUsable, let attempt = takePending() { connection.use(attempt) }
    }

    func release(_ connection: UpstreamConnection) {
        guard !isOwedToOthers else { return connection.disconnect() }
        if !pending.isEmpty {
            // What has come already belongs to no request, and would become the answer to the next one.
            guard !Socket.hasInput(connection.descriptor) else { return connection.disconnect() }
            if let attempt = takePending() { return connection.use(attempt, isReuse: true) }
        }
        guard !isRetired, !worker.isDraining, idle.count < group.rules.maxIdlePerHost else {
            return connection.disconnect()
        }
        idle.append(connection)
        worker.reactor.setDeadline(connection, worker.reactor.now.advanced(by: group.rules.idleTimeout))
    }

    func closed(_ connection: StreamConnection) {
        connectionCount -= 1
        group.giveConnection(to: host)
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
        if multiplexed === connection { multiplexed = nil }
        guard group.isAwaited(host, besides: pending.count) else { return serveWaiting() }
        if keptLast { serveWaiting() }
        offerToOthers()
    }

    /// Nothing of it is left.
    var isOver: Bool { isRetired && connectionCount == 0 && pending.isEmpty }

    func retire() {
        isRetired = true
        worker.keep(retired: self)
        let connections = idle
        idle = []
        for connection in connections { connection.disconnect() }
        multiplexed?.drain()
    }
}
