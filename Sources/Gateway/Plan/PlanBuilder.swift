import Base
import Daemon
import Glibc
import HTTPWire
import Reactor
import Resilience
import Settings
import TLSWire

/// Compiles settings to a plan. All that can fail fails here: certificates, pages, names that do not resolve.
struct PlanBuilder {
    let settings: GatewaySettings
    let instances: Resilience4jBreakers
    let previous: GatewayPlan?
    let telemetry: GatewayTelemetry
    let now: MonotonicInstant

    /// - Throws: `SettingFault` with the key at fault.
    func build() throws -> GatewayPlan {
        if let unknown = settings.unknownBreakers(in: instances).first {
            throw SettingFault(
                key: unknown.key, error: ApusError(code: "bad-declaration", unknown.message, kind: .declaration))
        }
        let limits = GatewayLimits(settings.limits)
        let listeners = try settings.listen.enumerated().map { index, listen in
            try listener(index, listen, limits)
        }
        var groups: [String: UpstreamGroup] = [:]
        for (name, upstream) in settings.upstreams { groups[name] = try group(name, upstream) }
        let routes = try settings.routes.enumerated().map { index, route in
            try self.route(index, route, groups)
        }
        let noRoute = RouteRuntime(
            RouteParts(
                index: routes.count, name: "none", settings: RouteSettings(),
                state: telemetry.routes.state("none", RouteSettings(), now: now),
                metrics: RouteMetrics("none", telemetry.registry)))
        return GatewayPlan(
            settings: settings, routes: routes, noRoute: noRoute, groups: Array(groups.values), listeners: listeners,
            limits: limits, router: Router(settings.routes.map { RouteMatch($0.match) }), accessLog: try accessLog())
    }

    private func accessLog() throws -> AccessLog? {
        do throws(ApusError) {
            return try AccessLog(settings.accessLog, telemetry.registry)
        } catch {
            throw SettingFault(key: "accessLog.file", error: error)
        }
    }

    // MARK: Listeners

    private func listener(_ index: Int, _ listen: ListenSettings, _ limits: GatewayLimits) throws -> ListenerRuntime {
        var head = HeadLimits()
        head.bytes = Int(settings.limits.headerBytes.bytes)
        head.target = Int(settings.limits.targetBytes.bytes)
        head.fields = settings.limits.headerFields
        head.fieldBytes = head.bytes
        return ListenerRuntime(
            number: UInt16(index), address: listen.address,
            tls: try listen.tls.map { try serverContext($0, http2: listen.http2.enabled, index) },
            http2: listen.http2, headLimits: head, limits: limits)
    }

    private func serverContext(_ tls: ListenerTLSSettings, http2: Bool, _ index: Int) throws -> TLSServerContext {
        do throws(ApusError) {
            return try TLSServerContext.load(tls.context(http2: http2))
        } catch {
            throw SettingFault(key: "listen[\(index)].tls", error: error)
        }
    }

    // MARK: Upstreams

    /// A group with the same settings goes on as it is, with its connections, health and breakers.
    private func group(_ name: String, _ wanted: UpstreamSettings) throws -> UpstreamGroup {
        if let known = previous?.groups.first(where: { $0.name == name }), known.settings == wanted { return known }
        var context: TLSClientContext?
        if let tls = wanted.tls { context = try clientContext(tls, wanted.protocolChoice, name) }
        let resolver = HostResolver(group: name, settings: wanted, instances: instances, telemetry: telemetry, now: now)
        do throws(ApusError) {
            let hosts = try resolver.resolve(keeping: previous?.groups.first { $0.name == name }?.hosts)
            return UpstreamGroup(
                name: name, settings: wanted, tls: context, hosts: hosts,
                events: telemetry.events, now: now)
        } catch {
            throw SettingFault(key: "upstreams.\(name).hosts", error: error)
        }
    }

    private func clientContext(
        _ tls: UpstreamTLSSettings, _ choice: UpstreamSettings.ProtocolChoice, _ name: String
    ) throws -> TLSClientContext {
        do throws(ApusError) {
            return try TLSClientContext.load(tls.context(choice))
        } catch {
            throw SettingFault(key: "upstreams.\(name).tls", error: error)
        }
    }

    // MARK: Routes

    private func route(_ index: Int, _ route: RouteSettings, _ groups: [String: UpstreamGroup]) throws -> RouteRuntime {
        let name = route.name ?? route.match.label
        let place = "routes[\(index)]"
        var parts = RouteParts(
            index: index, name: name, settings: route, state: telemetry.routes.state(name, route, now: now),
            metrics: RouteMetrics(name, telemetry.registry))
        if let bytes = settings.limits.bodyBytes { parts.defaultBodyBytes = UInt64(clamping: bytes.bytes) }
        parts.upstream = route.upstream.flatMap { groups[$0] }
        parts.breaker = breaker(of: route, name: name, upstream: parts.upstream)
        parts.cache = cache(of: route, index, name)
        parts.action = try action(route, place)
        parts.fallbacks = try route.fallback.enumerated().map { number, fallback in
            try self.fallback(fallback, groups, "\(place).fallback[\(number)]")
        }
        parts.degraded = try route.rateLimit?.degraded.map { try degraded($0, groups, "\(place).rateLimit.degraded") }
        do {
            let pattern = route.match.pattern
            parts.rewrite = try Rewrite(route.rewrite, of: pattern)
            parts.requestEdits = try HeaderEdits(route.requestHeaders, captures: pattern.captureNames)
            parts.responseEdits = try HeaderEdits(route.responseHeaders, captures: pattern.captureNames)
        } catch {
            throw SettingFault(key: place, error: ApusError(code: "bad-declaration", "\(error)", kind: .declaration))
        }
        return RouteRuntime(parts)
    }

    /// Routes without names may look alike: each has answers of its own all the same.
    private func cache(of route: RouteSettings, _ index: Int, _ name: String) -> RouteCache? {
        guard let cache = route.cache, cache.enabled else { return nil }
        let alike = settings.routes[..<index].count { ($0.name ?? $0.match.label) == name }
        let responses = telemetry.caches.cache(of: alike == 0 ? name : "\(name)#\(alike)", cache)
        return RouteCache(responses, cache, route: name, telemetry.registry)
    }

    private func action(_ route: RouteSettings, _ place: String) throws -> RouteRuntime.Action {
        if let respond = route.respond {
            if let file = respond.file {
                return .respond(
                    try page(file, status: respond.status, respond.contentType, "\(place).respond.static"))
            }
            return .respond(
                PageSource(
                    StaticPage(
                        status: respond.status, contentType: respond.contentType,
                        body: Array((respond.body ?? "").utf8))))
        }
        guard let redirect = route.redirect else { return .forward }
        do {
            return .redirect(try Redirection(redirect, of: route.match.pattern))
        } catch {
            throw SettingFault(
                key: "\(place).redirect", error: ApusError(code: "bad-declaration", error.message, kind: .declaration))
        }
    }

    private func fallback(
        _ settings: FallbackSettings, _ groups: [String: UpstreamGroup], _ place: String
    ) throws -> RouteRuntime.Fallback {
        let conditions = FailureSet(settings.on)
        if settings.cached { return RouteRuntime.Fallback(conditions: conditions, kind: .cached) }
        if let name = settings.upstream, let group = groups[name] {
            return RouteRuntime.Fallback(conditions: conditions, kind: .upstream(group))
        }
        if let file = settings.file {
            let page = try page(file, status: settings.status, settings.contentType, "\(place).static")
            return RouteRuntime.Fallback(conditions: conditions, kind: .page(page))
        }
        let page = StaticPage(
            status: settings.status, contentType: settings.contentType, body: Array((settings.body ?? "").utf8))
        return RouteRuntime.Fallback(conditions: conditions, kind: .page(PageSource(page)))
    }

    private func degraded(
        _ settings: DegradedSettings, _ groups: [String: UpstreamGroup], _ place: String
    ) throws -> RouteRuntime.Degraded {
        var degraded = RouteRuntime.Degraded()
        degraded.usesCache = settings.cache
        degraded.upstream = settings.upstream.flatMap { groups[$0] }
        degraded.status = settings.effectiveStatus
        degraded.retryAfter = settings.retryAfter
        if let file = settings.file {
            degraded.page = try page(file, status: nil, settings.contentType, "\(place).static")
        }
        return degraded
    }

    private func page(_ file: String, status: Int?, _ contentType: String?, _ place: String) throws -> PageSource {
        do throws(ApusError) {
            return try PageSource(file: file, status: status, contentType: contentType)
        } catch {
            throw SettingFault(key: place, error: error)
        }
    }

    /// The breaker of a route, or else that of its upstream, which its routes share.
    private func breaker(of route: RouteSettings, name: String, upstream: UpstreamGroup?) -> SharedBreaker? {
        if let own = route.circuitBreaker { return breaker(own.name ?? name, own) }
        guard let upstream, let shared = upstream.settings.circuitBreaker else { return nil }
        return breaker(shared.name ?? upstream.name, shared)
    }

    private func breaker(_ name: String, _ settings: BreakerSettings) -> SharedBreaker? {
        guard let policy = settings.policy(in: instances) else { return nil }
        return telemetry.breakers.breaker(name, policy, now: now)
    }
}
