/// What a route asks of a request: the router's input, made of `MatchSettings`.
package struct RouteMatch: Hashable, Sendable {
    /// One condition on a header. Where a header stands on several lines, one of them must fit.
    package struct Header: Hashable, Sendable {
        package enum Test: Hashable, Sendable {
            case equals([UInt8]), hasPrefix([UInt8]), hasSuffix([UInt8]), contains([UInt8])
            case isPresent, isAbsent
        }

        /// In lower case.
        package let name: [UInt8]
        package let test: Test

        package init(_ name: String, _ test: Test) {
            self.name = Array(name.lowercased().utf8)
            self.test = test
        }
    }

    /// Never empty.
    package var hosts: [HostPattern]
    package var path: PathPattern
    /// In capitals; empty for any. GET is for HEAD, too.
    package var methods: Set<String>
    package var headers: Set<Header>

    package init(hosts: [HostPattern], path: PathPattern, methods: Set<String> = [], headers: Set<Header> = []) {
        self.hosts = hosts.isEmpty ? [.any] : hosts
        self.path = path
        self.methods = methods
        self.headers = headers
    }

    package init(_ settings: MatchSettings) {
        self.init(
            hosts: settings.host, path: settings.pattern, methods: Set(settings.methods),
            headers: Set(settings.headers.map { Header($0.key, $0.value.test) }))
    }

    /// The same for each host by itself, names of captures made alike: two that are equal match the same requests.
    var perHost: [RouteMatch] {
        hosts.map { RouteMatch(hosts: [$0], path: path.withoutNames, methods: methods, headers: headers) }
    }
}

extension HeaderMatchSettings {
    fileprivate var test: RouteMatch.Header.Test {
        if let value { return .equals(Array(value.utf8)) }
        if let prefix { return .hasPrefix(Array(prefix.utf8)) }
        if let suffix { return .hasSuffix(Array(suffix.utf8)) }
        if let contains { return .contains(Array(contains.utf8)) }
        return present == false ? .isAbsent : .isPresent
    }
}
