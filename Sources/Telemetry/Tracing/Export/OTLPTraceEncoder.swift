import Base
import FoundationEssentials
import SwiftProtobuf
import Tracing

/// Spans as the bytes of an `ExportTraceServiceRequest`. Attributes are in the order of their keys, so that the same span
/// always gives the same bytes.
struct OTLPTraceEncoder: Sendable {
    private let resource: OTLPResource
    private let scope: OTLPInstrumentationScope

    init(resource: TraceResource, version: String = Version.number) {
        self.resource = .with { message in
            message.attributes = resource.attributes.map { attribute in
                .with {
                    $0.key = attribute.key
                    $0.value = OTLPTraceEncoder.text(attribute.value)
                }
            }
        }
        scope = .with {
            $0.name = Version.name
            $0.version = version
        }
    }

    func encode(_ spans: [FinishedSpan]) throws -> [UInt8] {
        let request = OTLPExportTraceServiceRequest.with { request in
            request.resourceSpans = [
                .with {
                    $0.resource = resource
                    $0.scopeSpans = [
                        .with {
                            $0.scope = scope
                            $0.spans = spans.map(OTLPTraceEncoder.message)
                        }
                    ]
                }
            ]
        }
        return try request.serializedBytes()
    }

    private static func message(_ span: FinishedSpan) -> OTLPSpan {
        .with {
            $0.traceID = bytes(span.context.traceID)
            $0.spanID = bytes(span.context.spanID)
            $0.traceState = span.context.state.headerValue
            if let parent = span.parent { $0.parentSpanID = bytes(parent.spanID) }
            $0.flags = flags(span.context, isRemote: span.parent?.isRemote ?? false)
            $0.name = span.name
            $0.kind = kind(span.kind)
            $0.startTimeUnixNano = span.startNanosecondsSinceEpoch
            $0.endTimeUnixNano = span.endNanosecondsSinceEpoch
            $0.attributes = pairs(span.attributes)
            $0.droppedAttributesCount = UInt32(clamping: span.droppedAttributeCount)
            $0.events = span.events.map(message)
            $0.droppedEventsCount = UInt32(clamping: span.droppedEventCount)
            $0.links = span.links.map(message)
            $0.droppedLinksCount = UInt32(clamping: span.droppedLinkCount)
            if let status = span.status { $0.status = message(status) }
        }
    }

    private static func message(_ event: FinishedSpan.Event) -> OTLPSpan.Event {
        .with {
            $0.timeUnixNano = event.nanosecondsSinceEpoch
            $0.name = event.name
            $0.attributes = pairs(event.attributes)
            $0.droppedAttributesCount = UInt32(clamping: event.droppedAttributeCount)
        }
    }

    private static func message(_ link: FinishedSpan.Link) -> OTLPSpan.Link {
        .with {
            $0.traceID = bytes(link.context.traceID)
            $0.spanID = bytes(link.context.spanID)
            $0.traceState = link.context.state.headerValue
            $0.attributes = pairs(link.attributes)
            $0.droppedAttributesCount = UInt32(clamping: link.droppedAttributeCount)
            $0.flags = flags(link.context, isRemote: link.context.isRemote)
        }
    }

    private static func message(_ status: SpanStatus) -> OTLPStatus {
        .with {
            $0.code = status.code == .ok ? .ok : .error
            $0.message = status.message ?? ""
        }
    }

    /// The W3C flags in the low byte; bit 8 says that bit 9 is known, bit 9 that the parent (of a span) or the linked
    /// context came from another process.
    private static func flags(_ context: TraceContext, isRemote: Bool) -> UInt32 {
        UInt32(context.flags.rawValue) | 0x100 | (isRemote ? 0x200 : 0)
    }

    private static func kind(_ kind: SpanKind) -> OTLPSpan.SpanKind {
        switch kind {
        case .internal: .internal
        case .server: .server
        case .client: .client
        case .producer: .producer
        case .consumer: .consumer
        }
    }

    private static func bytes(_ id: TraceID) -> Data {
        var bytes = [UInt8](repeating: 0, count: 16)
        for index in 0..<8 {
            bytes[index] = UInt8(truncatingIfNeeded: id.high >> UInt64(56 - index * 8))
            bytes[index + 8] = UInt8(truncatingIfNeeded: id.low >> UInt64(56 - index * 8))
        }
        return Data(bytes)
    }

    private static func bytes(_ id: SpanID) -> Data {
        Data((0..<8).map { UInt8(truncatingIfNeeded: id.value >> UInt64(56 - $0 * 8)) })
    }
}
