import Base
import HTTPWire
import Settings
import Synchronization
import TLSWire

/// What one generation of the configuration has come to: routes, groups, listeners and limits, compiled and immutable.
/// A request keeps the plan with which it began; a reload gives the workers another one.
final class GatewayPlan: Sendable {
    let settings: GatewaySettings
    let routes: [RouteRuntime]
    /// For requests that no route is for.
    let noRoute: RouteRuntime
    let groups: [UpstreamGroup]
    let listeners: [ListenerRuntime]
    let limits: GatewayLimits
    let router: Router
    let accessLog: AccessLog?
    /// The gateway's name in Via, with a space before it.
    let via: [UInt8]
    let serverField: [UInt8]
    /// In lower case; nil: requests get no number.
    let requestIDHeader: [UInt8]?
    /// It is X-Request-ID, which the parser knows.
    let hasUsualRequestID: Bool
    let normalizer: PathNormalizer

    init(
        settings: GatewaySettings, routes: [RouteRuntime], noRoute: RouteRuntime, groups: [UpstreamGroup],
        listeners: [ListenerRuntime], limits: GatewayLimits, router: Router, accessLog: AccessLog?
    ) {
        self.settings = settings
        self.routes = routes
        self.noRoute = noRoute
        self.groups = groups
        self.listeners = listeners
        self.limits = limits
        self.router = router
        self.accessLog = accessLog
        normalizer = PathNormalizer(settings.paths)
        requestIDHeader = settings.tracing.requestIDHeader.map { Array($0.lowercased().utf8) }
        hasUsualRequestID = settings.tracing.requestIDHeader?.lowercased() == "x-request-id"
        via = Array(" \(settings.name)".utf8)
        serverField = Array("server: \(settings.name)\r\n".utf8)
    }
}

extension GatewayPlan {
    var breakers: [SharedBreaker] {
        routes.compactMap(\.breaker) + groups.flatMap(\.hosts.hosts).compactMap(\.breaker)
    }
}

/// Limits that hold for every client.
struct GatewayLimits: Sendable {
    var headerTimeout = Duration.seconds(10)
    var tlsHandshakeTimeout = Duration.seconds(10)
    var idleTimeout = Duration.seconds(75)
    var requestsPerConnection = UInt32.max
    var bodyMinimumRate = 500
    var maxConnections = Int.max
    var connectionsPerClient = Int.max

    init() {}

    init(_ settings: LimitSettings) {
        headerTimeout = settings.headerTimeout
        tlsHandshakeTimeout = settings.tlsHandshakeTimeout
        idleTimeout = settings.idleTimeout
        requestsPerConnection = settings.requestsPerConnection.map { UInt32(clamping: $0) } ?? .max
        bodyMinimumRate = Int(settings.bodyMinimumRate.bytes)
        maxConnections = settings.maxConnections ?? .max
        connectionsPerClient = settings.connectionsPerClient ?? .max
    }
}

/// One address that clients connect to.
final class ListenerRuntime: Sendable {
    let number: UInt16
    let address: NetworkAddress
    /// Certificates are read anew when their files change.
    private let context: Mutex<TLSServerContext?>
    let allowsHTTP2: Bool
    let headLimits: HeadLimits
    let limits: GatewayLimits
    let http2: HTTP2Settings

    init(
        number: UInt16, address: NetworkAddress, tls: TLSServerContext?, http2: HTTP2Settings, headLimits: HeadLimits,
        limits: GatewayLimits
    ) {
        self.number = number
        self.address = address
        context = Mutex(tls)
        self.http2 = http2
        allowsHTTP2 = http2.enabled
        self.headLimits = headLimits
        self.limits = limits
    }

    var tls: TLSServerContext? { context.withLock { $0 } }

    /// For connections from now on.
    func replace(tls: TLSServerContext) {
        context.withLock { $0 = tls }
    }
}
