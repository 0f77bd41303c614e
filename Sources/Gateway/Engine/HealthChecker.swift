import Base
import HTTPWire
import Reactor
import TLSWire
import Telemetry

/// Asks the hosts of one group how they are, on one worker's loop: decisions by `HealthCheckState`, questions by
/// `HealthProbe`. A host that leaves the group is forgotten; one that joins is asked at once.
final class HealthChecker: EventSource {
    unowned(unsafe) private let worker: Worker
    let group: UpstreamGroup
    private let settings: HealthCheckSettings
    private let policy: HealthCheckPolicy
    private var states: [ObjectIdentifier: HealthCheckState] = [:]
    private var asked: Set<ObjectIdentifier> = []
    private var random = SystemRandomNumberGenerator()

    init(worker: Worker, group: UpstreamGroup, settings: HealthCheckSettings) {
        self.worker = worker
        self.group = group
        self.settings = settings
        policy = settings.policy
        super.init(descriptor: -1)
    }

    func start() {
        worker.reactor.addTimer(self)
        deadlineReached()
    }

    override func deadlineReached() {
        let now = worker.reactor.now
        let hosts = group.hosts.hosts
        var present: Set<ObjectIdentifier> = []
        for host in hosts {
            let id = ObjectIdentifier(host)
            present.insert(id)
            if states[id] == nil { states[id] = HealthCheckState(policy, now: now, using: &random) }
            if let state = states[id], state.nextCheck <= now, !asked.contains(id) { ask(host, id) }
        }
        states = states.filter { present.contains($0.key) }
        // Hosts that join are found within a second.
        let next = states.filter { !asked.contains($0.key) }.map(\.value.nextCheck).min()
        let second = now.advanced(by: .seconds(1))
        worker.reactor.setDeadline(self, min(max(next ?? second, now.advanced(by: .milliseconds(1))), second))
    }

    private func ask(_ host: UpstreamHost, _ id: ObjectIdentifier) {
        asked.insert(id)
        HealthProbe.start(worker: worker, group: group, host: host, settings: settings) { [weak self] passed, reason in
            self?.told(host, id, passed: passed, reason: reason)
        }
    }

    private func told(_ host: UpstreamHost, _ id: ObjectIdentifier, passed: Bool, reason: String) {
        asked.remove(id)
        let now = worker.reactor.now
        guard let transition = states[id]?.record(passed: passed, policy, now: now, using: &random) else { return }
        let hosts = group.hosts
        if let index = hosts.hosts.firstIndex(where: { $0 === host }) {
            hosts.board.set(.unhealthy, transition.to == .unhealthy, host: index, now: now)
        }
        host.note(isHealthy: transition.to == .healthy, reason: reason, at: now)
        // The first good check is no news.
        guard transition.from != .unknown || transition.to == .unhealthy else { return }
        HostHealthChanged(
            upstream: group.name, host: host.name, isHealthy: transition.to == .healthy, reason: reason
        ).emit(to: worker.telemetry.events)
    }
}

/// One question to one host: a connection, TLS where the group has it, a GET, and the head of the answer. A group that
/// speaks HTTP/2 is asked whether it can be connected to (with TLS: and shakes hands).
final class HealthProbe: StreamConnection {
    private let group: UpstreamGroup
    private let host: UpstreamHost
    private let settings: HealthCheckSettings
    private var answer: ((Bool, String) -> Void)?
    private var response = ResponseHead()
    private var scanned = 0
    private var isConnected = false

    static func start(
        worker: Worker, group: UpstreamGroup, host: UpstreamHost, settings: HealthCheckSettings,
        answer: @escaping (Bool, String) -> Void
    ) {
        var address = host.address
        if let port = settings.port { address = address.with(port: port) }
        guard case .success(let descriptor) = Socket.connect(to: address) else {
            return answer(false, "cannot connect")
        }
        let probe = HealthProbe(
            worker: worker, descriptor: descriptor, group: group, host: host, settings: settings, answer: answer)
        guard worker.reactor.add(probe) else { return probe.end(false, "no memory") }
        worker.reactor.setDeadline(probe, worker.reactor.now.advanced(by: settings.timeout))
    }

    private init(
        worker: Worker, descriptor: Int32, group: UpstreamGroup, host: UpstreamHost, settings: HealthCheckSettings,
        answer: @escaping (Bool, String) -> Void
    ) {
        self.group = group
        self.host = host
        self.settings = settings
        self.answer = answer
        super.init(worker: worker, descriptor: descriptor)
    }

    override func becameWritable() {
        guard !isConnected else { return }
        isConnected = true
        guard Socket.pendingError(descriptor) == 0 else { return end(false, "cannot connect") }
        guard let context = group.tls else { return secured() }
        do throws(TLSFault) {
            let session = try TLSSession(client: context, serverName: host.serverName)
            tls = session
            let sending = output ?? worker.takeBuffer()
            output = sending
            try session.start(ciphertext: sending)
            flush()
        } catch {
            end(false, "TLS fails")
        }
    }

    override func secured() {
        if group.rules.speaksHTTP2Plain || tls?.negotiatedProtocol == .http2 { return end(true, "connected") }
        let out = staging()
        out.append("GET ")
        out.append(settings.path)
        out.append(" HTTP/1.1\r\nhost: ")
        out.append(settings.host ?? host.authority)
        out.append("\r\nuser-agent: apus-health\r\nconnection: close\r\n\r\n")
        flush()
    }

    override func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch response.parse(bytes, scanned: &scanned, limits: group.rules.headLimits, answering: .get) {
        case .incomplete: return 0
        case .refused(let refusal): end(false, refusal.reason.rawValue)
        case .complete(let count):
            if response.isInterim { return count }
            let status = response.status
            end(settings.expect.contains(where: { range in range.codes.contains(status) }), "status \(status)")
        }
        return bytes.count
    }

    override func receivedEnd() { end(false, "closed without an answer") }
    override func broke(_ code: Int32?) { end(false, tls == nil ? "connection broke" : "TLS fails") }
    override func deadlineReached() { end(false, "no answer within \(settings.timeout)") }

    private func end(_ passed: Bool, _ reason: String) {
        guard let answer else { return }
        self.answer = nil
        disconnect()
        answer(passed, reason)
    }
}

extension HealthCheckSettings {
    var policy: HealthCheckPolicy {
        var policy = HealthCheckPolicy()
        policy.unhealthyThreshold = unhealthyThreshold
        policy.healthyThreshold = healthyThreshold
        policy.interval = interval
        policy.edgeInterval = unhealthyInterval
        policy.unhealthyInterval = unhealthyInterval
        policy.jitterPercent = jitterPercent
        return policy
    }
}
