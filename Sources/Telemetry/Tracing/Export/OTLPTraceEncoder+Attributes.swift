import SwiftProtobuf
import Tracing

extension OTLPTraceEncoder {
    /// The attributes in the order of their keys. One with an empty key is left out: the specification forbids it.
    static func pairs(_ attributes: SpanAttributes) -> [OTLPKeyValue] {
        var pairs: [OTLPKeyValue] = []
        pairs.reserveCapacity(attributes.count)
        attributes.forEach { key, value in
            if key.isEmpty { return }
            pairs.append(
                .with {
                    $0.key = key
                    $0.value = message(value)
                })
        }
        return pairs.sorted { $0.key < $1.key }
    }

    static func text(_ text: String) -> OTLPAnyValue {
        .with { $0.stringValue = text }
    }

    private static func message(_ attribute: SpanAttribute) -> OTLPAnyValue {
        switch attribute {
        case .string(let value): text(value)
        case .bool(let value): .with { $0.boolValue = value }
        case .int32(let value): .with { $0.intValue = Int64(value) }
        case .int64(let value): .with { $0.intValue = value }
        case .double(let value): .with { $0.doubleValue = value }
        case .stringArray(let values): array(values.map(text))
        case .boolArray(let values): array(values.map { value in .with { $0.boolValue = value } })
        case .int32Array(let values): array(values.map { value in .with { $0.intValue = Int64(value) } })
        case .int64Array(let values): array(values.map { value in .with { $0.intValue = value } })
        case .doubleArray(let values): array(values.map { value in .with { $0.doubleValue = value } })
        case .stringConvertible(let value): text("\(value)")
        case .stringConvertibleArray(let values): array(values.map { text("\($0)") })
        default: text("\(attribute)")
        }
    }

    private static func array(_ values: [OTLPAnyValue]) -> OTLPAnyValue {
        .with { $0.arrayValue.values = values }
    }
}
