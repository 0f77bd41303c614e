import HTTPWire
import NIOHPACK

/// Turns the header list of an HTTP/2 response into the head of an HTTP/1.1 response: `HTTP/1.1 200 `, the fields in
/// their order, and `transfer-encoding: chunked` where a body of unknown length follows. (That body comes as plain
/// bytes.)
enum ResponseHeadWriter {
    static func write(_ headers: HPACKHeaders, status: String, endsStream: Bool, to head: WireBuffer) {
        head.append("HTTP/1.1 ")
        head.append(status)
        head.append(" \r\n")
        var hasLength = false
        for (name, value, _) in headers where name.utf8.first != UInt8(ascii: ":") {
            if name == "content-length" {
                guard !hasLength else { continue }
                hasLength = true
            }
            FieldText.write(name, value, to: head)
        }
        let hasBody = !endsStream && status.utf8.first != UInt8(ascii: "1")
        if hasBody, !hasLength { head.append("transfer-encoding: chunked\r\n") }
        head.append("\r\n")
    }
}

/// Reads an HTTP/1.1 request head of ours into a header list.
enum RequestHeadReader {
    static func headers(_ head: UnsafeRawBufferPointer, scheme: String) -> HPACKHeaders {
        var reader = HeadReader(head)
        let line = reader.line() ?? UnsafeRawBufferPointer(start: nil, count: 0)
        let parts = line.split(separator: 0x20, maxSplits: 2)
        let method = parts.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        let target = parts.dropFirst().first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        var fields = HPACKHeaders()
        fields.reserveCapacity(16)
        var host = ""
        reader.fields(to: &fields)
        var headers = HPACKHeaders()
        headers.reserveCapacity(fields.count + 4)
        if let name = fields.first(name: "host") { host = name }
        headers.add(name: ":method", value: method)
        if method == "CONNECT" {
            headers.add(name: ":authority", value: target)
        } else {
            headers.add(name: ":scheme", value: scheme)
            headers.add(name: ":authority", value: host)
            headers.add(name: ":path", value: target, indexing: .nonIndexable)
        }
        for (name, value, indexing) in fields where name != "host" {
            if name == "te", value != "trailers" { continue }
            headers.add(name: name, value: value, indexing: indexing)
        }
        return headers
    }
}
