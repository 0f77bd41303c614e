import HTTPWire

/// Writes a head as a gateway would that passes it on without edits: its own framing, no hop-by-hop fields, Host from the
/// authority. The version stays, so that what depends on it does.
func serialize(_ head: RequestHead, _ input: [UInt8]) -> [UInt8] {
    let buffer = WireBuffer(capacity: input.count)
    input.withUnsafeBytes { bytes in
        buffer.append(head.methodText, of: bytes)
        buffer.append(" ")
        buffer.append(head.target, of: bytes)
        buffer.append(" HTTP/1.")
        buffer.append(decimal: UInt64(head.minorVersion))
        buffer.append("\r\n")
        if !head.authority.isEmpty {
            buffer.append("Host: ")
            buffer.append(head.authority, of: bytes)
            buffer.append("\r\n")
        }
        append(head.fields, head.framing, to: buffer, bytes)
    }
    return Array(buffer.readable)
}

func serialize(_ head: ResponseHead, _ input: [UInt8]) -> [UInt8] {
    let buffer = WireBuffer(capacity: input.count)
    input.withUnsafeBytes { bytes in
        buffer.append("HTTP/1.")
        buffer.append(decimal: UInt64(head.minorVersion))
        buffer.append(" ")
        buffer.append(decimal: UInt64(head.status))
        buffer.append(" ")
        buffer.append(head.reason, of: bytes)
        buffer.append("\r\n")
        let declared = head.contentLength.map(BodyFraming.length) ?? .none
        append(head.fields, head.framing == .none ? declared : head.framing, to: buffer, bytes)
    }
    return Array(buffer.readable)
}

private func append(
    _ fields: [Field], _ framing: BodyFraming, to buffer: WireBuffer, _ bytes: UnsafeRawBufferPointer
) {
    switch framing {
    case .length(let length):
        buffer.append("Content-Length: ")
        buffer.append(decimal: length)
        buffer.append("\r\n")
    case .chunked: buffer.append("Transfer-Encoding: chunked\r\n")
    case .none, .untilClose: break
    }
    for field in fields where !field.isHopByHop && field.known != .host {
        buffer.append(field.name, of: bytes)
        buffer.append(":")
        buffer.append(field.value, of: bytes)
        buffer.append("\r\n")
    }
    buffer.append("\r\n")
}
