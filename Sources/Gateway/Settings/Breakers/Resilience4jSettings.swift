package import Resilience
package import Settings

/// The section `resilience4j`, as a Spring application has it: its block `circuitbreaker` is read as it is, with keys
/// in camel or kebab case and Java's durations. Routes name the instances.
package struct Resilience4jSettings: SettingsGroup {
    /// Parts of such a file that have other means here.
    private static let others = [
        "retry": "a route's retry does", "ratelimiter": "a route's rateLimit does",
        "bulkhead": "a route's concurrency does", "thread-pool-bulkhead": "a route's concurrency does",
        "timelimiter": "a route's timeouts do", "micrometer": "the metrics are always there",
    ]

    package var circuitbreaker = Resilience4jBreakers()
    package var ignored: [String: YAMLNode] = [:]

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "circuitbreaker", \.circuitbreaker, .group(rewriting: Resilience4jRewriting.block),
                "Circuit breakers by name, for circuitBreaker: NAME of a route or an upstream.")
        ]
            + others.keys.sorted().map { key in
                SettingsField(key, \.ignored[key], .node, "Read and not used: \(others[key] ?? "").")
            }
    }

    package func check(_ complaints: inout SettingsChecker) {
        for key in ignored.keys.sorted() {
            complaints.warning(at: key, "is not used: \(Resilience4jSettings.others[key] ?? "nothing does this here")")
        }
    }

    /// What the gateway's component declares beside its own section: both ways in which such a file writes the block,
    /// nested and with a dot in its key.
    package static var sections: [SettingsSection] {
        [
            SettingsSection("resilience4j", "Circuit breakers as a Spring application declares them.", Self.self),
            SettingsSection(
                "resilience4j.circuitbreaker", "The same block with a dot in its key.",
                .group(Resilience4jBreakers.self, rewriting: Resilience4jRewriting.block)),
        ]
    }

    /// The breakers of a file with these sections, both together; of two instances of one name that of the nested block
    /// counts.
    package static func breakers(in file: SettingsFile) -> Resilience4jBreakers {
        var all = file.group("resilience4j.circuitbreaker", as: Resilience4jBreakers.self) ?? Resilience4jBreakers()
        let nested = file.group("resilience4j", as: Self.self)?.circuitbreaker ?? Resilience4jBreakers()
        for (name, breaker) in nested.configs { all.configs.set(name, breaker) }
        for (name, breaker) in nested.instances { all.instances.set(name, breaker) }
        return all
    }
}

/// `resilience4j.circuitbreaker`.
package struct Resilience4jBreakers: SettingsGroup {
    package var configs = OrderedMap<Resilience4jBreaker>()
    package var instances = OrderedMap<Resilience4jBreaker>()

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "configs", \.configs, .map(of: .group(), count: 0...1000),
                "Settings that instances begin with, by name; those of default are for all that name none."),
            SettingsField(
                "instances", \.instances, .map(of: .group(), count: 0...1000), "Circuit breakers by name.",
                synonyms: ["backends"]),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        for (part, breakers) in [("configs", configs), ("instances", instances)] {
            for (name, breaker) in breakers {
                guard let base = breaker.baseConfig else { continue }
                if configs[base] == nil {
                    complaints.error(
                        at: "\(part).\(name).baseConfig",
                        "names no entry of configs" + Suggestion.sentence(for: base, among: configs.keys))
                } else if isCircular(base) {
                    complaints.error(at: "\(part).\(name).baseConfig", "leads in a circle")
                }
            }
        }
    }

    /// The policy of an instance, nil where there is none of this name.
    package func policy(of instance: String) -> CircuitBreakerPolicy? { instances[instance]?.settings.policy }

    private func isCircular(_ first: String) -> Bool {
        var name: String? = first
        for _ in 0...configs.count {
            guard let current = name else { return false }
            name = configs[current]?.baseConfig
        }
        return true
    }
}

/// One entry of `configs` or `instances`, its `baseConfig` already mixed in.
package struct Resilience4jBreaker: SettingsGroup {
    /// Of the application's own monitoring: nothing is lost without them.
    private static let harmless = [
        "allowHealthIndicatorToFail", "eventConsumerBufferSize", "ignoreClassBindingExceptions",
        "registerHealthIndicator", "slidingWindowSynchronizationStrategy", "writableStackTraceEnabled",
    ]
    /// What changes how a breaker behaves, and does not here.
    private static let unsupported = [
        "enableExponentialBackoff", "enableRandomizedWait", "exponentialBackoffMultiplier",
        "exponentialMaxWaitDurationInOpenState", "ignoreExceptionPredicate", "ignoreExceptions", "initialState",
        "randomizedWaitFactor", "recordExceptions", "recordFailurePredicate", "recordResultPredicate",
        "transitionToStateAfterWaitDuration", "waitInterval",
    ]

    package var baseConfig: String?
    package var settings = CircuitBreakerSettings()
    package var ignored: [String: YAMLNode] = [:]

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [SettingsField("baseConfig", \.baseConfig, .nonEmptyString, "The entry of configs that this one begins with.")]
            + CircuitBreakerSettings.fields.map { $0.lifted(into: \.settings) }
            + (harmless + unsupported).map { SettingsField($0, \.ignored[$0], .node, "Read and not used.") }
    }

    package func check(_ complaints: inout SettingsChecker) {
        settings.check(&complaints)
        for key in Resilience4jBreaker.unsupported where ignored[key] != nil {
            let why =
                key.hasSuffix("Exceptions") || key.hasSuffix("Predicate")
                ? "; a breaker's failures says what counts" : ""
            complaints.warning(at: key, "is not used\(why)")
        }
    }
}
