extension TracingOptions {
    /// Largest queue and batch that a variable may ask for: about 1 GB of spans of ordinary size.
    static let largestQueue = 1_000_000

    mutating func applyBatchLimits(_ reader: inout EnvironmentReader) {
        if let delay = reader.duration("OTEL_BSP_SCHEDULE_DELAY", zero: .zero) { batchLimits.scheduledDelay = delay }
        if let timeout = reader.duration("OTEL_BSP_EXPORT_TIMEOUT", zero: EnvironmentReader.unlimited) {
            batchLimits.exportTimeout = timeout
        }
        let sizes = 1...TracingOptions.largestQueue
        if let size = reader.integer("OTEL_BSP_MAX_QUEUE_SIZE", in: sizes) { batchLimits.queueLimit = size }
        if let size = reader.integer("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", in: sizes) { batchLimits.batchLimit = size }
        if batchLimits.batchLimit > batchLimits.queueLimit {
            if reader.value(["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"]) != nil {
                reader.warn("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "is more than the queue holds; the queue's size is taken")
            }
            batchLimits.batchLimit = batchLimits.queueLimit
        }
    }

    mutating func applySpanLimits(_ reader: inout EnvironmentReader) {
        let counts = 0...100_000
        if let count = reader.integer("OTEL_ATTRIBUTE_COUNT_LIMIT", in: counts) {
            spanLimits.attributes = count
            spanLimits.attributesPerEvent = count
            spanLimits.attributesPerLink = count
        }
        if let count = reader.integer("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", in: counts) { spanLimits.attributes = count }
        if let count = reader.integer("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", in: counts) {
            spanLimits.attributesPerEvent = count
        }
        if let count = reader.integer("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", in: counts) {
            spanLimits.attributesPerLink = count
        }
        if let count = reader.integer("OTEL_SPAN_EVENT_COUNT_LIMIT", in: counts) { spanLimits.events = count }
        if let count = reader.integer("OTEL_SPAN_LINK_COUNT_LIMIT", in: counts) { spanLimits.links = count }
        if let length = reader.integer(
            "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", in: 0...Int(Int32.max))
        {
            spanLimits.attributeValueLength = length
        }
    }
}
