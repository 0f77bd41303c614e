import HTTPWire
import NIOHPACK

/// Turns the header list of an HTTP/2 request into the head of an HTTP/1.1 request, so that one path serves both
/// versions: `METHOD path HTTP/1.1`, `host`, the fields in their order, one `cookie` (RFC 9113 section 8.2.3), and
/// `transfer-encoding: chunked` where a body of unknown length follows. (That body comes as plain bytes; the field
/// only says that there is one.)
///
/// NIO has checked the order, number and presence of pseudo-header fields, lower case, connection-specific fields,
/// `te`, and CR, LF and NUL (RFC 9113 sections 8.2 and 8.3). Here stays what matters once the list becomes text.
struct RequestHeadWriter {
    private var method = ""
    private var path = ""
    private var authority: String?
    private var host: String?
    private var tunnel: String?
    private var hasLength = false
    private var hasCookie = false

    /// Appends the head to `head`.
    ///
    /// - Throws: `.protocolError` for a malformed request (RFC 9113 section 8.1.1).
    static func write(_ headers: HPACKHeaders, endsStream: Bool, to head: WireBuffer) throws(StreamError) -> Bool {
        var writer = RequestHeadWriter()
        try writer.readNames(headers)
        try writer.writeStart(head)
        writer.writeFields(headers, head)
        if writer.hasCookie { writer.writeCookies(headers, head) }
        if !endsStream, !writer.hasLength, writer.method != "CONNECT" { head.append("transfer-encoding: chunked\r\n") }
        if let tunnel = writer.tunnel { writer.writeUpgrade(tunnel, head) }
        head.append("\r\n")
        return writer.method == "CONNECT" && writer.tunnel != nil
    }

    private mutating func readNames(_ headers: HPACKHeaders) throws(StreamError) {
        for (name, value, _) in headers {
            switch name {
            case ":method": method = value
            case ":path": path = value
            case ":authority": authority = value
            case ":protocol": tunnel = value
            case "host":
                guard host == nil else { throw .protocolError }
                host = value
            case "content-length":
                guard FieldText.isNumber(value) else { throw .protocolError }
                hasLength = true
            case "cookie": hasCookie = true
            default: break
            }
            guard FieldText.isTrimmed(value) else { throw .protocolError }
        }
        try check()
    }

    private func check() throws(StreamError) {
        guard FieldText.isToken(method), let name = authority ?? host, FieldText.isAuthority(name) else {
            throw .protocolError
        }
        if let authority, let host, authority.lowercased() != host.lowercased() { throw .protocolError }
        if method == "CONNECT", tunnel == nil { return }
        guard path.utf8.first == UInt8(ascii: "/") || (path == "*" && method == "OPTIONS") else { throw .protocolError }
        if let tunnel, !FieldText.isToken(tunnel) { throw .protocolError }
    }

    /// An extended CONNECT (RFC 8441) becomes the upgrade that it stands for.
    private func writeStart(_ head: WireBuffer) throws(StreamError) {
        guard let name = authority ?? host else { throw .protocolError }
        head.append(tunnel == nil ? method : "GET")
        head.append(UInt8(ascii: " "))
        head.append(method == "CONNECT" && tunnel == nil ? name : path)
        head.append(" HTTP/1.1\r\nhost: ")
        head.append(name)
        head.append("\r\n")
    }

    private func writeFields(_ headers: HPACKHeaders, _ head: WireBuffer) {
        var wroteLength = false
        for (name, value, _) in headers {
            guard name.utf8.first != UInt8(ascii: ":"), name != "host", name != "cookie" else { continue }
            if name == "content-length" {
                // NIO lets equal ones through; more than one is an attack in HTTP/1.1.
                guard !wroteLength, tunnel == nil else { continue }
                wroteLength = true
            }
            FieldText.write(name, value, to: head)
        }
    }

    private func writeCookies(_ headers: HPACKHeaders, _ head: WireBuffer) {
        var isFirst = true
        for (name, value, _) in headers where name == "cookie" {
            head.append(isFirst ? "cookie: " : "; ")
            head.append(value)
            isFirst = false
        }
        head.append("\r\n")
    }

    /// WebSocket's key exists in HTTP/1.1 only (RFC 8441 section 5): the upstream gets one of ours, and its answer is
    /// dropped.
    private func writeUpgrade(_ name: String, _ head: WireBuffer) {
        head.append("connection: upgrade\r\nupgrade: ")
        head.append(name)
        head.append("\r\n")
        if name.lowercased() == "websocket" {
            head.append("sec-websocket-key: ")
            head.append(WebSocketKey.random())
            head.append("\r\n")
        }
    }
}

/// 16 random bytes in base64 (RFC 6455 section 4.1).
enum WebSocketKey {
    static func random() -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        // 16 bytes fill 21 characters and two bits of another.
        var text = (0..<21).map { _ in alphabet[Int.random(in: 0..<64)] }
        text.append(alphabet[Int.random(in: 0..<4) << 4])
        return text + Array("==".utf8)
    }
}
