import Tracing

/// How much one span may hold, with the defaults of the OpenTelemetry specification. What is above is dropped and counted in
/// the span.
package struct SpanLimits: Hashable, Sendable {
    package var attributes = 128
    package var events = 128
    package var links = 128
    package var attributesPerEvent = 128
    package var attributesPerLink = 128
    /// Longest string value in Unicode scalars; nil leaves strings whole.
    package var attributeValueLength: Int?

    package init() {}
}

/// Attributes that were brought under a limit.
struct LimitedAttributes: Sendable {
    var values: SpanAttributes = [:]
    var droppedCount = 0

    init() {}

    init(_ attributes: SpanAttributes, limit: Int, valueLength: Int?) {
        replace(with: attributes, limit: limit, valueLength: valueLength)
    }

    /// Takes `new` in place of the values. Where there are too many, keys that were there before stay, and the others come
    /// in alphabetical order until the limit.
    mutating func replace(with new: SpanAttributes, limit: Int, valueLength: Int?) {
        guard new.count > limit || valueLength != nil else {
            values = new
            return
        }
        var keys: [String] = []
        new.forEach { key, _ in keys.append(key) }
        keys.sort { (values.get($0) == nil ? 1 : 0, $0) < (values.get($1) == nil ? 1 : 0, $1) }
        var kept: SpanAttributes = [:]
        for key in keys.prefix(limit) {
            kept.set(key, value: new.get(key)?.truncated(to: valueLength))
        }
        droppedCount += max(0, keys.count - limit)
        values = kept
    }
}

extension SpanAttribute {
    fileprivate func truncated(to length: Int?) -> SpanAttribute {
        guard let length else { return self }
        switch self {
        case .string(let text): return .string(text.prefixOfScalars(length))
        case .stringArray(let texts): return .stringArray(texts.map { $0.prefixOfScalars(length) })
        case .stringConvertible(let value): return .string("\(value)".prefixOfScalars(length))
        case .stringConvertibleArray(let values): return .stringArray(values.map { "\($0)".prefixOfScalars(length) })
        default: return self
        }
    }
}

extension String {
    fileprivate func prefixOfScalars(_ count: Int) -> String {
        utf8.count <= count ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(count)))
    }
}
