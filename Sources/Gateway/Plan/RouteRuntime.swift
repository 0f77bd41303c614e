import Base
import HTTPWire
import Resilience

/// One route as the engine uses it: its settings compiled, and what it shares with other generations.
final class RouteRuntime: Sendable {
    struct Limits: Sendable {
        var bodyBytes = UInt64.max
        var replayBytes = 64 << 10
    }

    struct Timeouts: Sendable {
        var firstByte = Nanoseconds(.seconds(60))
        var perTry: Nanoseconds?
        /// 100 years where there is none.
        var total = Nanoseconds(.seconds(3_155_760_000))
        var idle = Nanoseconds(.seconds(60))
        var tunnelIdle = Nanoseconds(.seconds(3600))
    }

    enum Action: Sendable {
        case forward
        case respond(PageSource)
        case redirect(Redirection)
    }

    /// One answer instead of a failure.
    struct Fallback: Sendable {
        enum Kind: Sendable {
            case cached
            case page(PageSource)
            case upstream(UpstreamGroup)
        }

        let conditions: FailureSet
        let kind: Kind
    }

    struct Degraded: Sendable {
        var usesCache = false
        var upstream: UpstreamGroup?
        var page: PageSource?
        var status = 429
        var retryAfter: Duration?
    }

    let index: Int
    let name: String
    let nameBytes: [UInt8]
    let settings: RouteSettings
    let state: RouteState
    let action: Action
    let upstream: UpstreamGroup?
    let breaker: SharedBreaker?
    let failures: FailureSet
    let limits: Limits
    let timeouts: Timeouts
    let retry: RetryGatePolicy?
    let fallbacks: [Fallback]
    let degraded: Degraded?
    let rewrite: Rewrite
    let requestEdits: HeaderEdits
    let responseEdits: HeaderEdits
    let upgrades: [[UInt8]]
    let metrics: RouteMetrics
    let cache: RouteCache?

    init(_ parts: RouteParts) {
        let settings = parts.settings
        index = parts.index
        name = parts.name
        nameBytes = Array(parts.name.utf8)
        self.settings = settings
        state = parts.state
        action = parts.action
        upstream = parts.upstream
        breaker = parts.breaker
        failures = FailureSet(
            settings.circuitBreaker?.failures ?? parts.upstream?.settings.circuitBreaker?.failures ?? [.serverError])
        limits = RouteRuntime.limits(settings, parts.defaultBodyBytes)
        timeouts = RouteRuntime.timeouts(settings)
        retry = settings.retry.map(\.policy)
        fallbacks = parts.fallbacks
        degraded = parts.degraded
        rewrite = parts.rewrite
        requestEdits = parts.requestEdits
        responseEdits = parts.responseEdits
        upgrades = settings.upgrade.map { Array($0.lowercased().utf8) }
        metrics = parts.metrics
        cache = parts.cache
    }

    private static func limits(_ settings: RouteSettings, _ defaultBytes: UInt64) -> Limits {
        var limits = Limits(bodyBytes: defaultBytes)
        if let bytes = settings.bodyBytes { limits.bodyBytes = UInt64(clamping: bytes.bytes) }
        if let retry = settings.retry { limits.replayBytes = Int(clamping: retry.bodyLimit.bytes) }
        return limits
    }

    private static func timeouts(_ settings: RouteSettings) -> Timeouts {
        var timeouts = Timeouts()
        timeouts.firstByte = Nanoseconds(settings.timeouts.firstByte)
        timeouts.perTry = (settings.retry?.perTryTimeout ?? settings.timeouts.perTry).map(Nanoseconds.init)
        if let total = settings.timeouts.total { timeouts.total = Nanoseconds(total) }
        timeouts.idle = Nanoseconds(settings.timeouts.idle)
        timeouts.tunnelIdle = Nanoseconds(settings.timeouts.tunnelIdle)
        return timeouts
    }

    /// Pages that come from files.
    var pages: [PageSource] {
        var pages = [degraded?.page].compactMap { $0 }
        if case .respond(let page) = action { pages.append(page) }
        for fallback in fallbacks { if case .page(let page) = fallback.kind { pages.append(page) } }
        return pages
    }

    /// Whether a request's body is kept for another attempt.
    func mayReplay(_ method: Method) -> Bool {
        guard let retry else { return false }
        return retry.maximumRetries > 0
    }

    /// How an answer counts for breakers.
    func outcome(of status: Int) -> CallOutcome { failures.contains(status: status) ? .failure : .success }

    func outcome(of failure: AttemptFailure) -> CallOutcome {
        failures.contains(failure) ? .failure : .success
    }
}

/// What a route is compiled from.
struct RouteParts {
    var index: Int
    var name: String
    var settings: RouteSettings
    var state: RouteState
    var metrics: RouteMetrics
    var defaultBodyBytes = UInt64.max
    var action = RouteRuntime.Action.forward
    var upstream: UpstreamGroup?
    var breaker: SharedBreaker?
    var fallbacks: [RouteRuntime.Fallback] = []
    var degraded: RouteRuntime.Degraded?
    var cache: RouteCache?
    var rewrite = Rewrite()
    var requestEdits = HeaderEdits()
    var responseEdits = HeaderEdits()
}

/// `on:` and `failures:` compiled: a test is a few bits.
struct FailureSet: Sendable {
    private var conditions: RetryConditions = []
    private var statuses = StatusSet()
    private(set) var hasCircuitOpen = false
    private(set) var hasOverload = false

    init(_ list: [FailureCondition]) {
        for condition in list {
            switch condition {
            case .status(let code):
                statuses.insert(code)
                conditions.insert(.retriableStatusCodes)
            case .word(.circuitOpen): hasCircuitOpen = true
            case .word(.overload): hasOverload = true
            case .word(let word):
                if let known = RetryConditions(word: word.rawValue) { conditions.insert(known) }
            }
        }
    }

    func contains(status: Int) -> Bool {
        conditions.match(.status(status), statuses: statuses)
    }

    func contains(_ failure: AttemptFailure) -> Bool {
        switch failure {
        case .circuitOpen: hasCircuitOpen
        case .noHost, .pendingOverflow, .pendingTimeout, .overload: hasOverload
        default: conditions.match(failure.forRetries, statuses: statuses)
        }
    }
}
