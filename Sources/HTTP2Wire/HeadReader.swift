import NIOHPACK

/// Reads our own HTTP/1.1 heads (valid, CRLF at each line's end) and makes header lists of them. Names go to lower
/// case; fields that belong to a connection (RFC 9113 section 8.2.2) are dropped, should any be left.
struct HeadReader {
    private var rest: UnsafeRawBufferPointer.SubSequence

    init(_ head: UnsafeRawBufferPointer) { rest = head[...] }

    /// The next line without its CRLF; nil at the empty line and at the end.
    mutating func line() -> UnsafeRawBufferPointer? {
        guard let end = rest.firstIndex(of: 0x0A), end > rest.startIndex else { return nil }
        let line = rest[rest.startIndex..<(end - 1)]
        rest = rest[(end + 1)...]
        return line.isEmpty ? nil : UnsafeRawBufferPointer(rebasing: line)
    }

    /// Appends the fields up to the empty line.
    mutating func fields(to headers: inout HPACKHeaders, dropping isDropped: (String) -> Bool = { _ in false }) {
        while let line = line() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = HeadReader.lowercased(line[..<colon])
            guard !HeadReader.isConnectionSpecific(name), !isDropped(name) else { continue }
            var value = line[(colon + 1)...]
            while value.first == 0x20 || value.first == 0x09 { value = value.dropFirst() }
            while value.last == 0x20 || value.last == 0x09 { value = value.dropLast() }
            let text = String(decoding: value, as: UTF8.self)
            headers.add(name: name, value: text, indexing: HeadReader.indexing(name, length: value.count))
        }
    }

    static func lowercased(_ bytes: UnsafeRawBufferPointer.SubSequence) -> String {
        String(unsafeUninitializedCapacity: bytes.count) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[index] = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            }
            return bytes.count
        }
    }

    private static func isConnectionSpecific(_ name: String) -> Bool {
        switch name {
        case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade": true
        default: false
        }
    }

    /// What differs with every message, or is long, only pushes better entries out of the table; secrets stay out of
    /// it (RFC 7541 section 7.1.3).
    private static func indexing(_ name: String, length: Int) -> HPACKIndexing {
        switch name {
        case "authorization", "proxy-authorization", "cookie", "set-cookie": .neverIndexed
        case "content-length", "etag", "last-modified", "age", "expires", "x-request-id", "traceparent", "tracestate",
            "location":
            .nonIndexable
        default: length > 256 ? .nonIndexable : .indexable
        }
    }
}
