import Base
import Glibc
import HTTPWire
import Reactor
import Synchronization
import TLSWire

/// One thread with its reactor, its connections and its pools. Nothing in it is shared: what several workers need is in
/// the plan (`UpstreamGroup`, `SharedBreaker`, …).
///
/// `@unchecked Sendable`: other threads touch `reactor.poster` alone, which is thread-safe; all else is used by the
/// jobs that they post, which run on the worker's thread, and before the thread is started.
final class Worker: @unchecked Sendable, Reactor.ParkingOwner {
    static let readSpaceSize = 64 << 10
    /// Buffers that are kept for the next need.
    static let keptBuffers = 256
    static let keptExchanges = 256

    let number: Int
    let reactor: Reactor
    let readSpace: UnsafeMutableRawBufferPointer
    /// For one head at a time.
    let headSpace = WireBuffer(capacity: 8 << 10)
    var plan: GatewayPlan
    /// Requests under way.
    var active = 0 {
        didSet { activeForOthers.store(active, ordering: .relaxed) }
    }
    private let activeForOthers = Atomic<Int>(0)
    var totals = WorkerTotals()
    var clock = DateClock()
    private(set) var isDraining = false
    private var buffers: [WireBuffer] = []
    private var exchanges: [Exchange] = []
    private var views: [ObjectIdentifier: GroupView] = [:]
    private var lastView: GroupView?
    private var retired: [HostPool] = []
    private var listeners: [UInt16: Listener] = [:]
    private var clients: [ObjectIdentifier: StreamConnection] = [:]
    let telemetry: GatewayTelemetry
    private let census: ClientCensus
    /// Set once, before the threads start. The engine holds them all.
    var team: WorkerTeam?
    private var others: [Worker] { team?.workers(besides: self) ?? [] }
    var hasOthers: Bool { !others.isEmpty }
    /// For one key of a cache at a time.
    let keySpace = WireBuffer(capacity: 1 << 10)
    var fetches = CollapsedFetches<Exchange>()
    private let pathRoom = WireBuffer(capacity: 1 << 10)
    private var endedBytesIn: UInt64 = 0
    private var endedBytesOut: UInt64 = 0
    private var checkers: [ObjectIdentifier: HealthChecker] = [:]
    private var shedder: LoadShedder?
    private var shedderSettings: SheddingSettings?

    init(number: Int, plan: GatewayPlan, census: ClientCensus, telemetry: GatewayTelemetry) throws(ApusError) {
        self.number = number
        self.census = census
        self.plan = plan
        self.telemetry = telemetry
        reactor = try Reactor()
        readSpace = .allocate(byteCount: Worker.readSpaceSize, alignment: 64)
        reactor.parkingOwner = self
        reactor.afterEvents = { [unowned self] in self.noteDelay() }
    }

    deinit { readSpace.deallocate() }

    /// How long the events of one wake-up took is how long one that came meanwhile had to wait.
    private func noteDelay() {
        guard shedderSettings?.queueDelay != nil else { return }
        let delay = reactor.now.duration(to: SystemTime().now())
        shedder?.recordDelay(delay, now: reactor.now)
    }

    // MARK: Accepting

    /// Accepts on `descriptor`, which is the worker's from now on.
    func listen(on descriptor: Int32, _ listener: ListenerRuntime) {
        let source = Listener(reactor: reactor, descriptor: descriptor) { [unowned self] connection, peer in
            self.accepted(connection, peer, number: listener.number)
        }
        listeners[listener.number] = source
        _ = reactor.addListener(source)
    }

    /// The plan of a new generation. Its sockets are duplicates of the leases', so connections that wait stay in the kernel's
    /// queue while one descriptor takes the place of another.
    func adopt(_ plan: GatewayPlan, sockets: [Int32]) {
        self.plan = plan
        lastView = nil
        for number in Array(listeners.keys) { stopListening(number) }
        for (listener, descriptor) in zip(plan.listeners, sockets) { listen(on: descriptor, listener) }
        if number == 0 { checkHealth(of: plan.groups) }
        let groups = Set(plan.groups.map(ObjectIdentifier.init))
        for (id, view) in views where !groups.contains(id) {
            views[id] = nil
            for pool in view.all { pool.retire() }
        }
    }

    /// The first worker asks the hosts of all groups how they are.
    private func checkHealth(of groups: [UpstreamGroup]) {
        let wanted = Set(groups.map(ObjectIdentifier.init))
        for (id, checker) in checkers where !wanted.contains(id) {
            reactor.close(checker)
            checkers[id] = nil
        }
        for group in groups where checkers[ObjectIdentifier(group)] == nil {
            guard let settings = group.settings.healthCheck else { continue }
            let checker = HealthChecker(worker: self, group: group, settings: settings)
            checkers[ObjectIdentifier(group)] = checker
            checker.start()
        }
    }

    func stopListening(_ number: UInt16) {
        guard let source = listeners.removeValue(forKey: number) else { return }
        reactor.close(source)
    }

    private func accepted(_ descriptor: Int32, _ peer: PeerAddress, number: UInt16) {
        guard let listener = listener(number) else { close(descriptor); return }
        if !peer.isUnix { Socket.disableDelay(descriptor) }
        guard mayEnter(peer) else { close(descriptor); return }
        telemetry.accepted(isSecure: listener.tls != nil)
        let connection = ClientConnection(
            worker: self, descriptor: descriptor, listener: listener, peer: peer, served: 0)
        connection.tls = listener.tls.map { TLSSession(server: $0) }
        guard reactor.add(connection) else {
            census.leave(peer)
            close(descriptor)
            return
        }
        opened(connection)
        let first =
            listener.tls == nil ? ClientConnection.parkAfter : Nanoseconds(listener.limits.tlsHandshakeTimeout)
        reactor.setDeadline(connection, reactor.now.advanced(by: first))
    }

    private func listener(_ number: UInt16) -> ListenerRuntime? {
        plan.listeners.first { $0.number == number }
    }

    private func opened(_ connection: ClientConnection) {
        clients[ObjectIdentifier(connection)] = connection
    }

    /// Another protocol goes on with a client's connection.
    func exchange(_ connection: ClientConnection, for successor: HTTP2Connection) {
        clients[ObjectIdentifier(connection)] = nil
        clients[ObjectIdentifier(successor)] = successor
    }

    func clientClosed(_ connection: StreamConnection) {
        clients[ObjectIdentifier(connection)] = nil
        endedBytesIn &+= connection.bytesIn
        endedBytesOut &+= connection.bytesOut
        if let client = connection as? any Client { census.leave(client.peer) }
    }

    /// Whether the limits allow another connection of this client; then it is counted.
    private func mayEnter(_ peer: PeerAddress) -> Bool {
        guard let refusal = census.enter(peer, plan.limits) else { return true }
        telemetry.refused(refusal.rawValue)
        return false
    }

    func parkedClosed(_ connection: ParkedConnection) { census.leave(connection.peer) }

    // MARK: Parking

    func park(_ connection: ClientConnection, _ parked: ParkedConnection) {
        clients[ObjectIdentifier(connection)] = nil
        endedBytesIn &+= connection.bytesIn
        endedBytesOut &+= connection.bytesOut
        reactor.park(connection, parked)
    }

    func unpark(_ parked: ParkedConnection, descriptor: Int32) -> EventSource {
        let listener = listener(parked.listener) ?? plan.listeners[0]
        let connection = ClientConnection(
            worker: self, descriptor: descriptor, listener: listener, peer: parked.peer, served: parked.served)
        opened(connection)
        return connection
    }

    // MARK: Buffers and exchanges

    func takeBuffer() -> WireBuffer {
        buffers.popLast() ?? WireBuffer(capacity: 4 << 10)
    }

    func giveBack(_ buffer: WireBuffer) {
        guard buffers.count < Worker.keptBuffers, buffer.capacity <= 64 << 10 else { return }
        buffer.clear()
        buffers.append(buffer)
    }

    func takeExchange() -> Exchange {
        if let exchange = exchanges.popLast() {
            exchange.phase = .unused
            return exchange
        }
        let exchange = Exchange(worker: self)
        reactor.addTimer(exchange)
        return exchange
    }

    func giveBack(_ exchange: Exchange) {
        if exchanges.count < Worker.keptExchanges {
            exchanges.append(exchange)
        } else {
            reactor.close(exchange)
        }
    }

    /// Room for one path in its normal form; its content lasts until the next call.
    func pathSpace(_ count: Int) -> UnsafeMutableRawBufferPointer {
        pathRoom.clear()
        return pathRoom.reserve(max(1, count))
    }

    /// Civil time, which costs a reading of the clock: for what is told to people.
    var wallNow: WallInstant { SystemTime().wallNow() }

    /// Whether a request of this priority (0 is the most important) is refused now.
    func shed(priority: Int) -> LoadShedder.Decision {
        guard let settings = plan.settings.shedding else { return .admit }
        if shedder == nil || shedderSettings != settings {
            shedder = LoadShedder(settings.policy, now: reactor.now, seed: UInt64.random(in: 0...UInt64.max))
            shedderSettings = settings
        }
        return shedder?.decide(
            priority: priority, active: settings.maxInFlight == nil ? 0 : activeOfAll - 1,
            limit: settings.maxInFlight ?? 0, now: reactor.now) ?? .admit
    }

    private var activeOfAll: Int {
        others.reduce(active) { $0 + $1.activeForOthers.load(ordering: .relaxed) }
    }

    // MARK: Upstreams

    /// The worker's pools and balancer for the present hosts of a group.
    func view(of group: UpstreamGroup) -> GroupView {
        if let lastView, lastView.group === group, lastView.version == group.version { return lastView }
        let id = ObjectIdentifier(group)
        let view: GroupView
        if let known = views[id], known.version == group.version {
            view = known
        } else {
            let previous = views[id]
            view = GroupView(worker: self, group: group, previous: previous)
            views[id] = view
        }
        lastView = view
        return view
    }

    /// Those of hosts or settings that are no more, as long as something is under way in them, too.
    func pools(of group: UpstreamGroup) -> [HostPool] {
        (views[ObjectIdentifier(group)]?.all ?? []) + retired.filter { $0.group === group }
    }

    /// The pool takes no new requests, and is forgotten once it has nothing left.
    func keep(retired pool: HostPool) {
        retired.removeAll(where: \.isOver)
        if !retired.contains(where: { $0 === pool }) { retired.append(pool) }
    }

    func forget(waiting attempt: Attempt) {
        attempt.waitsIn?.forget(attempt)
    }

    /// Runs `job` on the threads of the other workers, soon.
    func onOthers(_ job: @escaping @Sendable (Worker) -> Void) {
        for other in others { other.reactor.poster.post { job(other) } }
    }

    // MARK: The end

    /// Closes what is idle, and everything else after its response.
    func drain() {
        isDraining = true
        for number in Array(listeners.keys) { stopListening(number) }
        _ = reactor.closeParked(olderThan: 0)
        for checker in checkers.values { reactor.close(checker) }
        checkers = [:]
        for connection in Array(clients.values) { (connection as? any Client)?.drain() }
        for view in views.values { for pool in view.all { pool.retire() } }
    }

    func tick() {
        let seconds = UInt32(clamping: Int(plan.limits.idleTimeout.inSeconds))
        _ = reactor.closeParked(olderThan: max(1, seconds))
        retired.removeAll(where: \.isOver)
    }

    /// Connections that have an object.
    var clientCount: Int { clients.count }

    /// Clients that are connected, tunnels among them.
    var openConnections: Int { clients.count + reactor.parkedCount }

    /// For gauges and the console. The latencies are those since the call before.
    func takeFigures() -> WorkerFigures {
        var figures = WorkerFigures()
        figures.totals = totals
        figures.totals.latencies = totals.takeLatencies()
        figures.parked = reactor.parkedCount
        figures.requests = active
        for connection in clients.values {
            if connection.tunnelPeer != nil { figures.tunnels += 1 } else { figures.active += 1 }
            figures.bytesIn &+= connection.bytesIn
            figures.bytesOut &+= connection.bytesOut
        }
        figures.bytesIn &+= endedBytesIn
        figures.bytesOut &+= endedBytesOut
        for view in views.values {
            var own = PoolFigures()
            for pool in view.all {
                own.idle += pool.idleCount
                own.open += pool.openCount
                own.pending += pool.pendingCount
            }
            figures.pools[view.group.name] = own
        }
        return figures
    }
}

/// One worker's view of a group: who gets a request, and the connections to each host.
final class GroupView {
    let group: UpstreamGroup
    let version: Int
    let hosts: HostSet
    var balancer: Balancer
    private let pools: [HostPool]

    init(worker: Worker, group: UpstreamGroup, previous: GroupView?) {
        self.group = group
        version = group.version
        hosts = group.hosts
        balancer = Balancer(
            hosts.balanced, group.balancing, board: hosts.board, seed: UInt64.random(in: 0...UInt64.max))
        var kept: [ObjectIdentifier: HostPool] = [:]
        for pool in previous?.pools ?? [] { kept[ObjectIdentifier(pool.host)] = pool }
        pools = hosts.hosts.map { host in
            kept.removeValue(forKey: ObjectIdentifier(host)) ?? HostPool(worker: worker, group: group, host: host)
        }
        for pool in kept.values { pool.retire() }
    }

    func pool(_ index: Int) -> HostPool { pools[index] }

    func pool(of attempt: Attempt) -> HostPool {
        pools.first { $0.host === attempt.target }
            ?? HostPool(worker: attempt.exchange.worker, group: group, host: attempt.target)
    }

    var all: [HostPool] { pools }
}

extension SheddingSettings {
    var policy: LoadSheddingPolicy {
        LoadSheddingPolicy(
            priorities: 10, targetDelay: (queueDelay ?? .milliseconds(500)) / 10,
            maximumDelay: queueDelay ?? .seconds(60), minimumRetryAfter: retryAfter)
    }
}
