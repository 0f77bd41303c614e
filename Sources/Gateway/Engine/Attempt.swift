import Base
import HTTPWire
import Reactor
import Resilience
import Telemetry

/// One try of a request at one host: from the choice of the host to the last byte of its answer.
///
/// It owns what must be given back exactly once, whatever happens: the breakers' permits and the host's place in the
/// board. `settle` and `abandon` are the only two ways out, and the second call of either does nothing.
final class Attempt {
    unowned(unsafe) let exchange: Exchange
    let group: UpstreamGroup
    let hosts: HostSet
    let host: Int
    let number: Int
    let isHedge: Bool
    let startedAt: MonotonicInstant
    var link: (any UpstreamLink)?
    /// Of the route's breaker and of the host's.
    var permit: CircuitBreaker.Permit?
    var hostPermit: CircuitBreaker.Permit?
    /// The head went to the upstream: it may have been acted on.
    var wasSent = false
    /// When all of the request had gone: the time to the first byte counts from here.
    var sentAt: MonotonicInstant?
    var hasResponded = false
    var status = 0
    /// Its span, where spans are wanted.
    var trace: TraceContext?
    /// How much of the buffered request body went to this attempt.
    var bodySent = 0
    var hasSentEnd = false {
        didSet { if hasSentEnd, sentAt == nil { sentAt = exchange.now } }
    }
    /// The pool in which it waits for a connection.
    var waitsIn: HostPool?
    var isPending: Bool { waitsIn != nil }
    private(set) var isOver = false

    init(
        exchange: Exchange, group: UpstreamGroup, hosts: HostSet, host: Int, number: Int, isHedge: Bool,
        now: MonotonicInstant
    ) {
        self.exchange = exchange
        self.group = group
        self.hosts = hosts
        self.host = host
        self.number = number
        self.isHedge = isHedge
        startedAt = now
        hosts.board.began(host)
    }

    var target: UpstreamHost { hosts.hosts[host] }

    /// The call has a result that says something of the host.
    ///
    /// - Parameter kind: Why there is no answer; nil when there is one.
    func settle(_ outcome: CallOutcome, kind: AttemptFailure?, now: MonotonicInstant) {
        guard !isOver else { return }
        isOver = true
        hosts.board.ended(host)
        let duration = startedAt.duration(to: now)
        if let permit { exchange.route.breaker?.record(permit, outcome, duration: duration, now: now) }
        if let hostPermit {
            let failed = kind.map(group.hostFailures.contains) ?? group.hostFailures.contains(status: status)
            target.breaker?.record(hostPermit, failed ? .failure : .success, duration: duration, now: now)
        }
        group.observe(self, kind: kind, now: now)
    }

    /// The call has no result: the client went away, another copy was faster, nothing was sent.
    func abandon(now: MonotonicInstant) {
        guard !isOver else { return }
        isOver = true
        hosts.board.ended(host)
        if let permit { exchange.route.breaker?.release(permit, now: now) }
        if let hostPermit { target.breaker?.release(hostPermit, now: now) }
    }
}

/// Why an attempt brought no answer.
enum AttemptFailure: String, Sendable, CaseIterable {
    case connectFailure = "connect-failure"
    case connectTimeout = "connect-timeout"
    case tls = "tls-failure"
    case reset
    /// A pooled connection that the upstream had closed meanwhile.
    case stale
    case firstByteTimeout = "first-byte-timeout"
    case perTryTimeout = "per-try-timeout"
    case idleTimeout = "idle-timeout"
    /// The time for the whole request was over.
    case totalTimeout = "total-timeout"
    /// What came was no HTTP.
    case badResponse = "bad-response"
    case pendingOverflow = "pending-overflow"
    case pendingTimeout = "pending-timeout"
    case refusedStream = "refused-stream"
    case noHost = "no-host"
    case circuitOpen = "circuit-open"
    /// A limit of the gateway's own.
    case overload

    /// What it is to the rules of retries; those of the gateway's own making are never asked about.
    var forRetries: FailureKind {
        switch self {
        case .connectFailure, .tls, .noHost, .pendingOverflow, .circuitOpen, .overload: .connectFailure
        case .connectTimeout, .pendingTimeout: .connectTimeout
        case .reset, .badResponse: .reset
        case .stale: .staleConnection
        case .firstByteTimeout, .idleTimeout, .totalTimeout: .timeout
        case .perTryTimeout: .perTryTimeout
        case .refusedStream: .refusedStream
        }
    }

    /// It says something of the host, and not of the gateway's own limits.
    var isOfHost: Bool {
        switch self {
        case .stale, .pendingOverflow, .pendingTimeout, .refusedStream, .noHost, .circuitOpen, .overload: false
        default: true
        }
    }

    /// Nothing that another try would change.
    var isOwnRefusal: Bool { [.noHost, .pendingOverflow, .pendingTimeout, .circuitOpen, .overload].contains(self) }

    var isTimeout: Bool {
        switch self {
        case .connectTimeout, .firstByteTimeout, .perTryTimeout, .idleTimeout, .totalTimeout, .pendingTimeout: true
        default: false
        }
    }
}

/// What carries one attempt to its upstream: a connection of HTTP/1.1, or a stream of HTTP/2.
protocol UpstreamLink: AnyObject {
    var isCongested: Bool { get }
    /// Stages the request's head (without framing and final CRLF).
    func send(head: WireBuffer, hasBody: Bool, declared: UInt64?, upgrade: Bool)
    func sendBody(_ bytes: UnsafeRawBufferPointer)
    func endBody(trailers: [UInt8])
    func flush()
    func pauseResponse()
    func resumeResponse()
    /// The answer is not wanted any more; nothing of it comes after this call.
    func cancel()
    func becomeTunnel() -> StreamConnection?
}
