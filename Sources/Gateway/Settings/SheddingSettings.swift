package import Settings

/// Load shedding: near a limit, requests of low priority are refused with 503 before those of high priority.
package struct SheddingSettings: SettingsGroup {
    package var maxInFlight: Int?
    package var queueDelay: Duration?
    package var priorityHeader: String?
    package var retryAfter = Duration.seconds(1)

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "maxInFlight", \.maxInFlight, .integer(in: 1...10_000_000),
                "Requests under way at a time, of all routes; the nearer, the higher the priority that still passes."),
            SettingsField(
                "queueDelay", \.queueDelay, .duration(in: .milliseconds(1) ... .seconds(60)),
                "How late a worker's loop may run before the gateway counts as full."),
            SettingsField(
                "priorityHeader", \.priorityHeader, .headerName,
                "A header of a trusted proxy whose number from 0 to 9 goes before the route's priority."),
            SettingsField(
                "retryAfter", \.retryAfter, .duration(in: .zero ... .seconds(3600)),
                "What Retry-After says to those that are refused, in whole seconds; 0s: no such header."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if maxInFlight == nil, queueDelay == nil {
            complaints.error(at: "", "wants maxInFlight, queueDelay or both")
        }
    }
}
