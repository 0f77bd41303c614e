import Base
import HTTPWire
import Reactor

/// Heads as they go on: what concerns one hop only is left out, what the next hop should know is added.
extension Exchange {
    /// The request's head without framing, connection fields and the final CRLF.
    ///
    /// A field costs two copies: name to value in one piece, and the line's end.
    func writeRequestHead(to out: WireBuffer, _ attempt: Attempt) {
        let bytes = headBytes
        out.append(request.methodText, of: bytes)
        out.append(UInt8(ascii: " "))
        writeTarget(to: out, bytes, attempt)
        out.append(" HTTP/1.1\r\nhost: ")
        if route.rewrite.changesHost {
            withPlaceholders(attempt: attempt) { route.rewrite.appendHost(to: out, $0) }
        } else if request.authority.isEmpty {
            out.append(attempt.target.authority)
        } else {
            out.append(request.authority, of: bytes)
        }
        out.append("\r\n")
        writeRequestFields(to: out, bytes)
        if !route.requestEdits.isEmpty {
            withPlaceholders(attempt: attempt) { route.requestEdits.append(to: out, $0) }
        }
        trace.write(to: out, attempt)
        // We pass trailers on: servers of gRPC insist on being told so (RFC 9110 section 10.1.4).
        if request.acceptsTrailers { out.append("te: trailers\r\n") }
        if !request.upgrade.isEmpty, !ignoresUpgrade {
            out.append("upgrade: ")
            out.append(request.upgrade, of: bytes)
            out.append("\r\n")
        }
    }

    private func writeRequestFields(to out: WireBuffer, _ bytes: UnsafeRawBufferPointer) {
        let isTrusted = isFromTrustedProxy
        let asksForCache = cacheCall.isConditional && otherGroup == nil
        let edits = route.requestEdits
        var hasProto = false
        var hasHost = false
        for field in request.fields where !field.isHopByHop {
            switch field.known {
            case .host, .contentLength, .traceparent, .tracestate: continue
            case .xForwardedFor, .via: continue
            case .xForwardedProto:
                if !isTrusted { continue }
                hasProto = true
            case .xForwardedHost:
                if !isTrusted { continue }
                hasHost = true
            case .forwarded:
                if !isTrusted { continue }
            case .xRequestID:
                if trace.makesRequestID { continue }
            case .other:
                if isForwardingInDisguise(field, bytes) { continue }
            default: break
            }
            if !edits.isEmpty, edits.drops(field.name.bytes(in: bytes)) { continue }
            if asksForCache, field.known.isReplacedByConditions { continue }
            if maxForwards != nil, isMaxForwards(field, bytes) { continue }
            writeField(field, of: bytes, to: out)
        }
        if asksForCache { cacheCall.asked?.writeConditions(to: out) }
        if let maxForwards {
            out.append("max-forwards: ")
            out.append(decimal: UInt64(maxForwards))
            out.append("\r\n")
        }
        writeForwarding(to: out, bytes, isTrusted: isTrusted, hasProto: hasProto, hasHost: hasHost)
        writeVia(to: out, bytes)
    }

    /// `X_Forwarded_For` and the like: servers that hand headers on as variables (CGI, WSGI) take one for the other.
    private func isForwardingInDisguise(_ field: Field, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard (15...17).contains(field.name.count) else { return false }
        let name = field.name.bytes(in: bytes)
        return Exchange.forwardingNames.contains { known in
            known.utf8CodeUnitCount == name.count
                && UnsafeRawBufferPointer(start: known.utf8Start, count: name.count).elementsEqual(name) {
                    expected, byte in
                    expected == byte | 0x20 || (expected == UInt8(ascii: "-") && byte == UInt8(ascii: "_"))
                }
        }
    }

    private static let forwardingNames: [StaticString] = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]

    /// The values of all lines of a field, each with a comma behind it.
    private func writeFormer(_ known: FieldName, to out: WireBuffer, _ bytes: UnsafeRawBufferPointer) {
        guard request.has(known) else { return }
        for field in request.fields where field.known == known && !field.isHopByHop && !field.value.isEmpty {
            out.append(field.value, of: bytes)
            out.append(", ")
        }
    }

    private func writeTarget(to out: WireBuffer, _ bytes: UnsafeRawBufferPointer, _ attempt: Attempt) {
        if request.form == .asterisk { return out.append(UInt8(ascii: "*")) }
        if route.rewrite.changesPath {
            withPlaceholders(attempt: attempt) { route.rewrite.appendPath(to: out, $0) }
        } else if let rewrittenPath {
            out.append(rewrittenPath)
        } else if request.path.isEmpty {
            out.append(UInt8(ascii: "/"))
        } else {
            out.append(request.path, of: bytes)
        }
        if request.hasQuery {
            out.append(UInt8(ascii: "?"))
            out.append(request.query, of: bytes)
        }
    }

    /// Name to value in one piece: the parser has seen to it that only spaces and tabs are between.
    @inline(__always)
    private func writeField(_ field: Field, of bytes: UnsafeRawBufferPointer, to out: WireBuffer) {
        out.append(
            Slice(offset: field.name.offset, count: field.value.offset + field.value.count - field.name.offset),
            of: bytes)
        out.append("\r\n")
    }

    private func isMaxForwards(_ field: Field, _ bytes: UnsafeRawBufferPointer) -> Bool {
        field.name.count == 12 && request.first(named: "max-forwards", in: bytes)?.name == field.name
    }

    private func writeForwarding(
        to out: WireBuffer, _ bytes: UnsafeRawBufferPointer, isTrusted: Bool, hasProto: Bool, hasHost: Bool
    ) {
        guard let downstream else { return }
        let edited = route.requestEdits.own
        if !edited.contains(.forwardedFor) {
            out.append("x-forwarded-for: ")
            if isTrusted { writeFormer(.xForwardedFor, to: out, bytes) }
            out.append(address: downstream.peer)
            out.append("\r\n")
        }
        if !hasProto, !edited.contains(.forwardedProto) {
            out.append(downstream.isSecure ? "x-forwarded-proto: https\r\n" : "x-forwarded-proto: http\r\n")
        }
        if !hasHost, !edited.contains(.forwardedHost), !request.authority.isEmpty {
            out.append("x-forwarded-host: ")
            out.append(request.authority, of: bytes)
            out.append("\r\n")
        }
    }

    /// The protocol in which the request came (RFC 9110, section 7.6.3).
    private func writeVia(to out: WireBuffer, _ bytes: UnsafeRawBufferPointer) {
        if route.requestEdits.own.contains(.via) { return }
        out.append("via: ")
        writeFormer(.via, to: out, bytes)
        if isHTTP2 {
            out.append("2.0")
        } else {
            out.append(request.minorVersion == 0 ? "1.0" : "1.1")
        }
        out.append(plan.via)
        out.append("\r\n")
    }

    /// The response's head, as `writeRequestHead`.
    func writeResponseHead(_ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, to out: WireBuffer) {
        out.append("HTTP/1.1 ")
        out.append(decimal: UInt64(head.status))
        out.append(UInt8(ascii: " "))
        out.append(head.reason, of: bytes)
        out.append("\r\n")
        let edits = route.responseEdits
        for field in head.fields where !field.isHopByHop && field.known != .contentLength {
            if !edits.isEmpty, edits.drops(field.name.bytes(in: bytes)) { continue }
            writeField(field, of: bytes, to: out)
        }
        if !head.isInterim {
            if !head.has(.date) { worker.clock.writeDate(to: out, now: now) }
            if !edits.isEmpty { withPlaceholders(attempt: winner) { edits.append(to: out, $0) } }
            if head.status == 101, !head.upgrade.isEmpty {
                out.append("connection: upgrade\r\nupgrade: ")
                out.append(head.upgrade, of: bytes)
                out.append("\r\n")
            }
        }
    }

    /// Whether the peer's word about who is behind it counts.
    var isFromTrustedProxy: Bool {
        guard !plan.settings.trustedProxies.isEmpty, let peer = downstream?.peer, !peer.isUnix else { return false }
        return plan.settings.trustedProxies.contains { $0.contains(high: peer.high, low: peer.low) }
    }

    /// What `{…}` in settings stand for in this request. Only for routes that have some.
    func withPlaceholders<Result>(attempt: Attempt?, _ body: (PlaceholderValues) -> Result) -> Result {
        let bytes = headBytes
        let address = Array((downstream?.peer.text ?? "").utf8)
        let upstream = Array((attempt?.group.name ?? "").utf8)
        let host = Array((attempt?.target.authority ?? "").utf8)
        let identifier = Array(trace.requestID.utf8)
        let scheme = Array((downstream?.isSecure == true ? "https" : "http").utf8)
        return address.withUnsafeBytes { address in
            upstream.withUnsafeBytes { upstream in
                host.withUnsafeBytes { host in
                    identifier.withUnsafeBytes { identifier in
                        scheme.withUnsafeBytes { scheme in
                            route.nameBytes.withUnsafeBytes { name in
                                withPath { path in
                                    var values = PlaceholderValues()
                                    values.clientAddress = address
                                    values.host = request.authority.bytes(in: bytes)
                                    values.method = request.methodText.bytes(in: bytes)
                                    values.path = path
                                    values.query = request.query.bytes(in: bytes)
                                    values.requestID = identifier
                                    values.route = name
                                    values.scheme = scheme
                                    values.upstream = upstream
                                    values.upstreamHost = host
                                    values.captures = captures
                                    return body(values)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

extension WireBuffer {
    /// An address in text, without an intermediate string for IPv4.
    func append(address: PeerAddress) {
        guard address.isIPv4 else { return append(address.text) }
        let value = UInt32(truncatingIfNeeded: address.low)
        append(decimal: UInt64(value >> 24))
        append(UInt8(ascii: "."))
        append(decimal: UInt64(value >> 16 & 255))
        append(UInt8(ascii: "."))
        append(decimal: UInt64(value >> 8 & 255))
        append(UInt8(ascii: "."))
        append(decimal: UInt64(value & 255))
    }
}
