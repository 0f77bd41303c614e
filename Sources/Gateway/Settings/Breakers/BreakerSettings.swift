package import Resilience
package import Settings

/// A circuit breaker: the name of an instance of `resilience4j.circuitbreaker`, or settings by resilience4j's names.
package struct BreakerSettings: SettingsGroup {
    package var name: String?
    package var settings = CircuitBreakerSettings()
    package var failures: [FailureCondition] = [.serverError]

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "name", \.name, .nonEmptyString,
                "An instance of resilience4j.circuitbreaker, instead of the settings here; the name alone does, too.")
        ] + CircuitBreakerSettings.fields.map { $0.lifted(into: \.settings) } + [
            SettingsField(
                "failures", \.failures, .oneOrMany(of: .condition(of: FailureCondition.ofCalls), count: 1...32),
                "What counts as a failed call.")
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        settings.check(&complaints)
        if name != nil, settings != CircuitBreakerSettings() {
            complaints.error(at: \Self.name, "does not go with settings: the instance has them")
        }
    }

    /// The policy in effect; nil where `name` is of no instance.
    package func policy(in instances: Resilience4jBreakers) -> CircuitBreakerPolicy? {
        guard let name else { return settings.policy }
        return instances.policy(of: name)
    }
}
