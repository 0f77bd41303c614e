import Base
import Logging
import Telemetry

struct DaemonStarted: Event {
    static let message = "apus started"
    let file: String
    let hash: String
    let components: [String]
    var fields: Logger.Metadata {
        ["file": "\(file)", "configuration": "\(hash)", "components": .array(components.map { "\($0)" })]
    }
}

struct ReloadSucceeded: Event {
    static let message = "configuration reloaded"
    static let counter: EventCounter? = reloadCounter
    let generation: Int
    let hash: String
    /// What was done to each component that changed.
    let changes: [String: String]
    var labels: [String] { ["success"] }
    var fields: Logger.Metadata {
        [
            "generation": .stringConvertible(generation), "configuration": "\(hash)",
            "changed": .dictionary(changes.mapValues { "\($0)" }),
        ]
    }
}

struct ReloadFailed: Event {
    static let message = "reload failed, the running configuration stays"
    static let counter: EventCounter? = reloadCounter
    let complaints: Int
    var level: Logger.Level { .error }
    var labels: [String] { ["failure"] }
    var fields: Logger.Metadata { ["complaints": .stringConvertible(complaints)] }
}

/// One line for each complaint, so that none is lost in a long field.
struct ConfigurationComplaint: Event {
    static let message = "configuration complaint"
    let complaint: String
    var level: Logger.Level { .error }
    var fields: Logger.Metadata { ["complaint": "\(complaint)"] }
}

struct ComponentFailed: Event {
    static let message = "component failed"
    static let counter: EventCounter? = EventCounter(
        "apus_component_failures_total", help: "How often a component ended by itself.", labels: ["component"])
    let component: String
    let reason: String
    var level: Logger.Level { .error }
    var labels: [String] { [component] }
    var fields: Logger.Metadata { ["component": "\(component)", "reason": "\(reason)"] }
}

struct ComponentLeftBehind: Event {
    static let message = "component did not end in time and was left behind"
    static let counter: EventCounter? = EventCounter(
        "apus_component_left_behind_total", help: "Components that outlived their drain deadline and cancellation.",
        labels: ["component"])
    let component: String
    var level: Logger.Level { .error }
    var labels: [String] { [component] }
    var fields: Logger.Metadata { ["component": "\(component)"] }
}

struct DaemonStopping: Event {
    static let message = "draining"
}

struct DaemonStopped: Event {
    static let message = "apus stopped"
}

let reloadCounter = EventCounter(
    "apus_config_reloads_total", help: "Reloads of the configuration, by result.", labels: ["result"])
