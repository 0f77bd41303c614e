import Base
import HTTPWire

/// The head of a response in the form in which it is kept.
struct StoredHead {
    let bytes: [UInt8]
    let head: ResponseHead

    /// A head of the store is at most as long as one that was received, a line for Date aside.
    private static let limits = HeadLimits(bytes: 1 << 20, target: 1, fields: 4096, fieldBytes: 1 << 20)

    /// - Parameter withheld: names in lower case that are left out.
    init?(
        _ head: borrowing ResponseHead, _ source: UnsafeRawBufferPointer, withheld: [[UInt8]], received: WallInstant
    ) {
        var bytes = StoredHead.statusLine(head, source)
        for field in head.fields where StoredHead.isKept(field, source, withheld) { bytes.append(field, of: source) }
        self.init(finishing: bytes, hasDate: head.has(.date), received)
    }

    /// What a 304 (or the answer to HEAD) makes of a stored head (RFC 9111 section 3.2): its fields take the place of
    /// those of the same name, but for those that tell how the stored body is to be read.
    init?(
        _ stored: StoredResponse, updatedBy head: borrowing ResponseHead, _ source: UnsafeRawBufferPointer,
        withheld: [[UInt8]], received: WallInstant
    ) {
        let bytes = stored.headBytes.withUnsafeBytes { old in
            var bytes = StoredHead.statusLine(stored.head, old)
            for field in stored.head.fields where field.known != .date {
                let name = field.name.bytes(in: old)
                if withheld.contains(where: { ASCII.isSame(name, $0) }) { continue }
                let isReplaced =
                    !StoredHead.describesBody(name)
                    && head.fields.contains { new in
                        StoredHead.isKept(new, source, withheld) && ASCII.isSame(new.name.bytes(in: source), name)
                    }
                if !isReplaced { bytes.append(field, of: old) }
            }
            return bytes
        }
        var merged = bytes
        for field in head.fields where StoredHead.isKept(field, source, withheld) {
            if !StoredHead.describesBody(field.name.bytes(in: source)) { merged.append(field, of: source) }
        }
        self.init(finishing: merged, hasDate: head.has(.date), received)
    }

    private init?(finishing lines: [UInt8], hasDate: Bool, _ received: WallInstant) {
        var bytes = lines
        // A recipient with a clock says when it received what has no Date (RFC 9110 section 6.6.1).
        if !hasDate {
            bytes += "date: ".utf8
            FieldDate.write(received, to: &bytes)
            bytes += "\r\n".utf8
        }
        bytes += "\r\n".utf8
        var head = ResponseHead()
        var scanned = 0
        let progress = bytes.withUnsafeBytes {
            head.parse($0, scanned: &scanned, limits: StoredHead.limits, answering: .get)
        }
        guard case .complete = progress else { return nil }
        (self.bytes, self.head) = (bytes, head)
    }

    private static func statusLine(_ head: borrowing ResponseHead, _ source: UnsafeRawBufferPointer) -> [UInt8] {
        var bytes = Array("HTTP/1.1 \(head.status) ".utf8)
        bytes.append(contentsOf: head.reason.bytes(in: source))
        bytes += "\r\n".utf8
        return bytes
    }

    /// Section 3.1; Age is generated at each use, and what announces trailers goes with them.
    private static func isKept(_ field: Field, _ source: UnsafeRawBufferPointer, _ withheld: [[UInt8]]) -> Bool {
        switch field.known {
        case .age, .trailer, .proxyAuthenticate, .proxyAuthorization, .contentLength, .transferEncoding: return false
        default: break
        }
        guard !field.isHopByHop else { return false }
        let name = field.name.bytes(in: source)
        return !ASCII.isSame(name, word: "proxy-authentication-info") && !withheld.contains { ASCII.isSame(name, $0) }
    }

    /// Fields that say how the bytes of the body are coded: those of a 304 are not about the bytes that we have.
    private static func describesBody(_ name: UnsafeRawBufferPointer) -> Bool {
        ASCII.isSame(name, word: "content-encoding") || ASCII.isSame(name, word: "content-range")
            || ASCII.isSame(name, word: "content-md5")
    }
}

extension [UInt8] {
    /// `name: value` and CRLF, as it came.
    fileprivate mutating func append(_ field: Field, of source: UnsafeRawBufferPointer) {
        append(contentsOf: field.name.bytes(in: source))
        append(contentsOf: ": ".utf8)
        append(contentsOf: field.value.bytes(in: source))
        append(contentsOf: "\r\n".utf8)
    }
}
