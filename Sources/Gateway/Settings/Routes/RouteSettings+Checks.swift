import Settings

/// How the parts of a route go together.
extension RouteSettings {
    func checkAction(_ complaints: inout SettingsChecker) {
        let given = [upstream != nil, respond != nil, redirect != nil].count { $0 }
        if given == 0 { complaints.error(at: "", "wants one of upstream, respond and redirect") }
        guard given > 1 else { return }
        let field: PartialKeyPath<Self> = redirect != nil ? \.redirect : \.respond
        complaints.error(at: field, "does not go with another of upstream, respond and redirect")
    }

    /// A route that answers by itself has nothing to try again.
    func checkWithoutUpstream(_ complaints: inout SettingsChecker) {
        guard upstream == nil else { return }
        let idle: [(PartialKeyPath<Self>, Bool)] = [
            (\.retry, retry != nil), (\.circuitBreaker, circuitBreaker != nil), (\.fallback, !fallback.isEmpty),
            (\.cache, cache != nil), (\.hedge, hedge != nil), (\.rewrite, rewrite != RewriteSettings()),
            (\.timeouts, timeouts != TimeoutSettings()), (\.requestHeaders, requestHeaders != HeaderEditSettings()),
        ]
        for (field, isGiven) in idle where isGiven { complaints.warning(at: field, "means nothing without upstream") }
    }

    func checkCached(_ complaints: inout SettingsChecker) {
        guard cache == nil || cache?.enabled == false else { return }
        for (index, item) in fallback.enumerated() where item.cached {
            complaints.error(at: "fallback[\(index)].cached", "needs cache in this route")
        }
        if rateLimit?.degraded?.cache == true {
            complaints.error(at: "rateLimit.degraded.cache", "needs cache in this route")
        }
    }

    func checkPerTry(_ complaints: inout SettingsChecker) {
        if timeouts.perTry != nil, retry?.perTryTimeout != nil {
            complaints.error(at: "retry.perTryTimeout", "is given as timeouts.perTry, too")
        }
        if let total = timeouts.total, let perTry = perTryTimeout, perTry > total {
            let place = retry?.perTryTimeout != nil ? "retry.perTryTimeout" : "timeouts.perTry"
            complaints.error(at: place, "must not be longer than timeouts.total, which holds for all tries together")
        }
    }

    func checkRewrite(_ complaints: inout SettingsChecker) {
        if rewrite.prefix != nil, match.pattern.kind != .prefix {
            complaints.error(at: "rewrite.prefix", "needs match.path: there is no prefix to replace")
        }
        if redirect?.prefix != nil, match.pattern.kind != .prefix {
            complaints.error(at: "redirect.prefix", "needs match.path: there is no prefix to replace")
        }
        let captures = match.pattern.captureNames
        for (place, text, use) in templates {
            do throws(TextTemplate.Problem) {
                _ = try TextTemplate(text, captures: captures, use: use)
            } catch {
                complaints.error(at: place, error.message)
            }
        }
    }

    /// Every text with placeholders, and its place.
    private var templates: [(place: String, text: String, use: TextTemplate.Use)] {
        var found: [(String, String, TextTemplate.Use)] = []
        if let path = rewrite.path { found.append(("rewrite.path", path, .path)) }
        if let host = rewrite.host { found.append(("rewrite.host", host, .host)) }
        if let path = redirect?.path { found.append(("redirect.path", path, .path)) }
        if let host = redirect?.host { found.append(("redirect.host", host, .host)) }
        for (key, edits) in [("requestHeaders", requestHeaders), ("responseHeaders", responseHeaders)] {
            found += edits.templates.map { ("\(key).\($0.place)", $0.text, .text) }
        }
        return found
    }

    /// `timeouts.perTry` or `retry.perTryTimeout`, which are the same.
    package var perTryTimeout: Duration? { timeouts.perTry ?? retry?.perTryTimeout }

    /// What metrics and logs call the route.
    package var label: String { name ?? match.label }
}

extension ValueFormat where Value == String {
    /// A token of Upgrade in lower case, without version (RFC 9110, section 7.8).
    static var upgradeToken: ValueFormat {
        parsed(
            name: "a protocol", allowed: "websocket or another token of Upgrade, but not h2c",
            pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
            parse: { text in
                let token = text.lowercased()
                return HeaderText.isName(token) && token != "h2c" && token != "h2" ? token : nil
            },
            render: { $0 })
    }
}
