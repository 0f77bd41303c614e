package import Settings

/// Whether the names that the parts use of one another are those of something.
extension GatewaySettings {
    package func check(_ complaints: inout SettingsChecker) {
        checkListeners(&complaints)
        checkNames(&complaints)
        checkMethods(&complaints)
        checkMatches(&complaints)
        checkUpstreams(&complaints)
        checkShedding(&complaints)
    }

    private func checkListeners(_ complaints: inout SettingsChecker) {
        var known: Set<NetworkAddress> = []
        for (index, listener) in listen.enumerated() {
            if !known.insert(listener.address).inserted {
                complaints.error(at: "listen[\(index)].address", "is listened on already")
            }
            guard let tls = listener.tls, tls.alpn == [.http2], !listener.http2.enabled else { continue }
            complaints.error(at: "listen[\(index)].tls.alpn", "offers only h2, which http2 turns off")
        }
    }

    private func checkNames(_ complaints: inout SettingsChecker) {
        var names: Set<String> = []
        for (index, route) in routes.enumerated() {
            guard let name = route.name, !names.insert(name).inserted else { continue }
            complaints.error(at: "routes[\(index)].name", "an earlier route has this name")
        }
    }

    /// The router has a bit for each.
    private func checkMethods(_ complaints: inout SettingsChecker) {
        var others: Set<String> = []
        for (index, route) in routes.enumerated() {
            others.formUnion(route.match.methods.filter { !MethodTable.isKnown($0) })
            guard others.count > MethodTable.mostOthers else { continue }
            return complaints.error(
                at: "routes[\(index)].match.methods",
                "makes more than \(MethodTable.mostOthers) methods that are not those of RFC 9110, all routes together")
        }
    }

    /// Two routes of the same match: the second one is never asked.
    private func checkMatches(_ complaints: inout SettingsChecker) {
        var known: [RouteMatch: Int] = [:]
        for (index, route) in routes.enumerated() {
            for match in RouteMatch(route.match).perHost {
                guard let earlier = known[match] else {
                    known[match] = index
                    continue
                }
                complaints.warning(
                    at: "routes[\(index)].match", "routes[\(earlier)] has the same, and goes before this one")
                break
            }
        }
    }

    private func checkUpstreams(_ complaints: inout SettingsChecker) {
        let used = upstreamNames
        for (place, name) in used where upstreams[name] == nil {
            let hint = Suggestion.sentence(for: name, among: upstreams.keys)
            complaints.error(at: place, "names no entry of upstreams\(hint)")
        }
        // One that nobody uses is, beside a name that is nobody's, most likely the same mistake.
        guard used.allSatisfy({ upstreams[$0.name] != nil }) else { return }
        for name in upstreams.keys where !used.contains(where: { $0.name == name }) {
            complaints.warning(at: "upstreams.\(name)", "is used by no route")
        }
    }

    private func checkShedding(_ complaints: inout SettingsChecker) {
        guard shedding?.priorityHeader != nil, trustedProxies.isEmpty else { return }
        complaints.warning(at: "shedding.priorityHeader", "means nothing without trustedProxies")
    }

    /// Each place that names an upstream.
    private var upstreamNames: [(place: String, name: String)] {
        var found: [(String, String)] = []
        for (index, route) in routes.enumerated() {
            if let name = route.upstream { found.append(("routes[\(index)].upstream", name)) }
            if let name = route.rateLimit?.degraded?.upstream {
                found.append(("routes[\(index)].rateLimit.degraded.upstream", name))
            }
            for (place, item) in route.fallback.enumerated() {
                if let name = item.upstream { found.append(("routes[\(index)].fallback[\(place)].upstream", name)) }
            }
        }
        return found
    }

    /// Each circuit breaker that names an instance which `instances` does not have: the place below the section, and
    /// what to say. The names are another section's, so that this is known only where the component is built.
    package func unknownBreakers(in instances: Resilience4jBreakers) -> [(key: String, message: String)] {
        let known = instances.instances.keys
        return breakers.compactMap { key, breaker in
            guard let name = breaker.name, !known.contains(name) else { return nil }
            let hint = Suggestion.sentence(for: name, among: known)
            return (key, "names no instance of resilience4j.circuitbreaker\(hint)")
        }
    }

    private var breakers: [(key: String, breaker: BreakerSettings)] {
        var found: [(String, BreakerSettings)] = []
        for (index, route) in routes.enumerated() {
            if let breaker = route.circuitBreaker { found.append(("routes[\(index)].circuitBreaker", breaker)) }
        }
        for (name, upstream) in upstreams {
            if let breaker = upstream.circuitBreaker { found.append(("upstreams.\(name).circuitBreaker", breaker)) }
            if let breaker = upstream.hostCircuitBreaker {
                found.append(("upstreams.\(name).hostCircuitBreaker", breaker))
            }
        }
        return found
    }
}
