import Gateway
import TestKit
import Testing

/// The router beside a matcher that looks at each route with strings and sorts those that fit.
@Suite struct RouterPropertyTests {
    @Test("finds what a naive matcher finds", arguments: UInt64(1)...12)
    func sameAsNaive(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var outcomes: Set<String> = []
        for _ in 0..<20 {
            let routes = (0..<Int.random(in: 1...14, using: &generator)).map { _ in randomRoute(&generator) }
            let router = Router(routes.map { $0.match })
            for _ in 0..<20 {
                let request = randomRequest(&generator)
                let (answer, captures) = request.ask(router)
                let expected = NaiveRouter(routes: routes).answer(request)
                var isSame = answer == expected.answer
                if case .route(let index) = answer, routes[index].isTemplate {
                    isSame = isSame && captures == expected.captures
                }
                // Not #expect for each: it costs more than what it looks at.
                if !isSame { Issue.record("seed \(seed): \(request) of \(routes): \(answer), wanted \(expected)") }
                outcomes.insert("\(answer)".prefix { $0 != "(" }.description)
            }
        }
        #expect(outcomes.count == 3, "seed \(seed): each kind of answer came up")
    }

    private func randomRoute(_ generator: inout SeededGenerator) -> NaiveRouter.Route {
        let hosts = ["*", "*", "h.b.c", "a.h.b.c", "*.b.c", "*.h.b.c", "*.c"]
        let kind: PathPattern.Kind = [.prefix, .exact, .template].randomElement(using: &generator) ?? .prefix
        var segments = (0..<Int.random(in: 1...4, using: &generator)).map { index in
            let word = ["a", "b", "ab"].randomElement(using: &generator) ?? "a"
            return kind == .template && Bool.random(using: &generator) ? "{n\(index)}" : word
        }
        if kind == .template {
            if Int.random(in: 0..<4, using: &generator) == 0 { segments.append("{all*}") }
            if !segments.contains(where: { $0.hasPrefix("{") }) { segments[0] = "{n0}" }
        } else if Int.random(in: 0..<4, using: &generator) == 0 {
            segments = [""]
        } else if Int.random(in: 0..<4, using: &generator) == 0 {
            segments.append("")
        }
        let chosen = (0..<Int.random(in: 1...2, using: &generator)).compactMap { _ in
            hosts.randomElement(using: &generator)
        }
        let methods = ["GET", "POST", "PURGE"].filter { _ in Int.random(in: 0..<5, using: &generator) == 0 }
        let headers = ["x-a", "x-b"].filter { _ in Int.random(in: 0..<5, using: &generator) == 0 }
        return NaiveRouter.Route(hosts: chosen, kind: kind, segments: segments, methods: methods, headers: headers)
    }

    private func randomRequest(_ generator: inout SeededGenerator) -> RequestText {
        let host = ["h.b.c", "a.h.b.c", "x.b.c", "x.h.b.c", "b.c", "c", "z"].randomElement(using: &generator) ?? "z"
        let segments = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
            ["a", "b", "ab", "a", "b", ""].randomElement(using: &generator) ?? "a"
        }
        let method = ["GET", "HEAD", "POST", "PURGE", "LOCK"].randomElement(using: &generator) ?? "GET"
        let headers = ["X-A=1", "x-b=2"].filter { _ in Bool.random(using: &generator) }
        return RequestText(([method, host, "/" + segments.joined(separator: "/")] + headers).joined(separator: " "))
    }
}

struct NaiveRouter {
    struct Route: CustomStringConvertible {
        let hosts: [String]
        let kind: PathPattern.Kind
        let segments: [String]
        let methods: [String]
        let headers: [String]

        var isTemplate: Bool { kind == .template }
        var description: String { "\(hosts) \(kind) /\(segments.joined(separator: "/")) \(methods) \(headers)" }

        var match: RouteMatch {
            let path = try? PathPattern(kind, "/" + segments.joined(separator: "/"))
            return RouteMatch(
                hosts: hosts.compactMap { HostPattern($0) }, path: path!, methods: Set(methods),
                headers: Set(headers.map { RouteMatch.Header($0, .isPresent) }))
        }
    }

    let routes: [Route]

    func answer(_ request: RequestText) -> (answer: Router.Answer, captures: [String]) {
        var best: (rank: [Int], index: Int, captures: [String])?
        var refused: Set<String> = []
        for (index, route) in routes.enumerated() {
            for host in route.hosts {
                guard let hostRank = rank(of: host, request.host), let (pathRank, captures) = path(route, request.path),
                    route.headers.allSatisfy({ name in request.headers.contains { $0.name.lowercased() == name } })
                else { continue }
                let fits =
                    route.methods.isEmpty || route.methods.contains(request.method)
                    || (request.method == "HEAD" && route.methods.contains("GET"))
                guard fits else {
                    refused.formUnion(route.methods)
                    if route.methods.contains("GET") { refused.insert("HEAD") }
                    continue
                }
                let rank = [hostRank] + pathRank + [route.methods.isEmpty ? 1 : 0, -route.headers.count, index]
                if best == nil || rank.lexicographicallyPrecedes(best?.rank ?? []) { best = (rank, index, captures) }
            }
        }
        if let best { return (.route(best.index), best.captures) }
        return (refused.isEmpty ? .notFound : .methodNotAllowed(bits(refused)), [])
    }

    /// The bits of `refused` as the router gives them: those of other methods in the order in which routes name them.
    private func bits(_ names: Set<String>) -> MethodSet {
        let known = ["GET": 0, "HEAD": 1, "POST": 2, "PURGE": 10]
        return MethodSet(bits: names.reduce(0) { $0 | 1 << UInt64(known[$1] ?? 63) })
    }

    private func rank(of pattern: String, _ host: String) -> Int? {
        if pattern == "*" { return 0 }
        if pattern == host { return -1000 }
        guard pattern.hasPrefix("*."), host.hasSuffix(pattern.dropFirst()) else { return nil }
        return host.count > pattern.count - 1 ? -pattern.count : nil
    }

    /// Ranks of equal length within a kind, the smaller the better, and the texts of names.
    private func path(_ route: Route, _ path: String) -> (rank: [Int], captures: [String])? {
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch route.kind {
        case .exact: return parts == route.segments ? ([0] + padded([]), []) : nil
        case .prefix:
            let own = route.segments.last == "" ? route.segments.dropLast() : route.segments[...]
            return parts.starts(with: own) ? ([2] + padded([-own.count]), []) : nil
        case .template: return template(route.segments, parts).map { ([1] + padded($0.rank), $0.captures) }
        }
    }

    private func padded(_ rank: [Int]) -> [Int] { rank + [Int](repeating: 0, count: 8 - rank.count) }

    private func template(_ segments: [String], _ parts: [String]) -> (rank: [Int], captures: [String])? {
        var rank: [Int] = []
        var captures: [String] = []
        for (index, segment) in segments.enumerated() {
            guard index < parts.count else { return nil }
            if segment.hasSuffix("*}") {
                let rest = parts[index...].joined(separator: "/")
                return rest.isEmpty ? nil : (rank + [2], captures + [rest])
            }
            if segment.hasPrefix("{") {
                if parts[index].isEmpty { return nil }
                captures.append(parts[index])
                rank.append(1)
            } else if segment == parts[index] {
                rank.append(0)
            } else {
                return nil
            }
        }
        return parts.count == segments.count ? (rank, captures) : nil
    }
}
