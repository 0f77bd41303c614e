extension FieldFacts {
    /// Whether the body is chunked; throws for every way in which two recipients could disagree about it (RFC 9112
    /// sections 6.1 and 6.3): with Content-Length, in HTTP/1.0, more than one line, or anything but `chunked` alone.
    func isChunked(_ base: UnsafeRawPointer, minorVersion: UInt8) throws(Stop) -> Bool {
        guard transferEncodings > 0 else { return false }
        guard lengths == 0 else { throw .refused(.lengthWithTransferEncoding) }
        guard minorVersion > 0 else { throw .refused(.transferEncodingInOldVersion) }
        guard transferEncodings == 1 else { throw .refused(.invalidTransferEncoding) }
        if ListItems.equal(base, transferEncoding, "chunked") { return true }
        throw .refused(wrongTransferEncoding(base))
    }

    /// A well-formed list without `chunked`, or with it in the last place only, is a coding that we do not know.
    private func wrongTransferEncoding(_ base: UnsafeRawPointer) -> Refusal.Reason {
        var items = ListItems(base, transferEncoding)
        var sawChunked = false
        while let item = items.next() {
            if sawChunked || !FieldFacts.isToken(base, item) { return .invalidTransferEncoding }
            sawChunked = ListItems.equal(base, item, "chunked")
        }
        return .unknownTransferCoding
    }

    private static func isToken(_ base: UnsafeRawPointer, _ item: Slice) -> Bool {
        for position in item.start..<item.end
        where !ByteClass.isToken(base.load(fromByteOffset: position, as: UInt8.self)) { return false }
        return !item.isEmpty
    }

    /// Marks every field that Connection names (RFC 9110 section 7.6.1), but Host: without it the next hop would route
    /// otherwise than we did. At most `HeadLimits.connectionOptions` names, each compared with each field.
    func markNamed(_ fields: inout [Field], _ base: UnsafeRawPointer) throws(Stop) {
        guard named > 0 else { return }
        guard named <= HeadLimits.connectionOptions else { throw .refused(.tooManyConnectionOptions) }
        for line in fields.indices where fields[line].known == .connection {
            var items = ListItems(base, fields[line].value)
            while let item = items.next() {
                guard !item.isEmpty, ConnectionOptions.known(base, item) == nil else { continue }
                FieldFacts.mark(item, in: &fields, base)
            }
        }
    }

    private static func mark(_ name: Slice, in fields: inout [Field], _ base: UnsafeRawPointer) {
        let bytes = UnsafeRawBufferPointer(start: base + name.start, count: Int(name.count))
        let text = bytes.assumingMemoryBound(to: UInt8.self)
        for index in fields.indices where fields[index].name.count == name.count && fields[index].known != .host {
            if Field.equal(text, base, fields[index].name) { fields[index].isHopByHop = true }
        }
    }
}
