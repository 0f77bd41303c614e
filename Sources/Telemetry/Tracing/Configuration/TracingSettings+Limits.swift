package import Settings

/// `telemetry.traces.batch`: the batching rules of OpenTelemetry.
package struct BatchSettings: SettingsGroup {
    package var delay = BatchLimits().scheduledDelay
    package var timeout = BatchLimits().exportTimeout
    package var queue = BatchLimits().queueLimit
    package var size = BatchLimits().batchLimit

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "delay", \.delay, .duration(in: .zero ... .seconds(3600)),
                "How long a span waits for its batch to fill."),
            SettingsField(
                "timeout", \.timeout, .duration(in: .milliseconds(10) ... .seconds(3600)),
                "Bounds the export of a batch with all retries."),
            SettingsField(
                "queue", \.queue, .integer(in: 1...TracingOptions.largestQueue),
                "Spans that may wait; what comes above is dropped and counted."),
            SettingsField("size", \.size, .integer(in: 1...TracingOptions.largestQueue), "Most spans in one export."),
        ]
    }

    package var limits: BatchLimits {
        var limits = BatchLimits()
        limits.scheduledDelay = delay
        limits.exportTimeout = timeout
        limits.queueLimit = queue
        limits.batchLimit = min(size, queue)
        return limits
    }
}

/// `telemetry.traces.limits`: the span limits of OpenTelemetry.
package struct SpanLimitSettings: SettingsGroup {
    package var attributes = SpanLimits().attributes
    package var events = SpanLimits().events
    package var links = SpanLimits().links
    package var valueLength: Int?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("attributes", \.attributes, .integer(in: 0...100_000), "Attributes of a span."),
            SettingsField("events", \.events, .integer(in: 0...100_000), "Events of a span."),
            SettingsField("links", \.links, .integer(in: 0...100_000), "Links of a span."),
            SettingsField(
                "valueLength", \.valueLength, .integer(in: 0...1_000_000),
                "Characters of a string attribute; left out: no limit."),
        ]
    }

    package var limits: SpanLimits {
        var limits = SpanLimits()
        (limits.attributes, limits.events, limits.links) = (attributes, events, links)
        limits.attributeValueLength = valueLength
        return limits
    }
}
