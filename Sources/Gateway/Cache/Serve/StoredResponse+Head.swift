package import HTTPWire

/// Heads of answers from the store, without framing and the final CRLF.
extension StoredResponse {
    /// The head that `form` asks for, but `unsatisfiableRange`. For `whole` without edits one copy of the stored bytes.
    ///
    /// - Parameter edits: fields that they drop are left out; what they add is the caller's.
    package func writeHead(
        _ form: AnswerForm, age: Duration, status: CacheStatus?, edits: HeaderEdits = HeaderEdits(), to out: WireBuffer
    ) {
        headBytes.withUnsafeBytes { bytes in
            if form == .whole, edits.isEmpty {
                out.append(UnsafeRawBufferPointer(rebasing: bytes.dropLast(2)))
            } else {
                writeStatusLine(form, bytes, to: out)
                for field in head.fields where !StoredResponse.isLeftOut(field, form, bytes) {
                    if edits.isEmpty || !edits.drops(field.name.bytes(in: bytes)) { out.append(field, bytes) }
                }
                if case .range(let range) = form { writeContentRange(range, to: out) }
            }
        }
        out.append("age: ")
        out.append(decimal: UInt64(max(0, min(age.components.seconds, DeltaSeconds.most))))
        out.append("\r\n")
        status?.write(to: out)
    }

    private func writeStatusLine(_ form: AnswerForm, _ bytes: UnsafeRawBufferPointer, to out: WireBuffer) {
        switch form {
        case .whole, .unsatisfiableRange:
            out.append("HTTP/1.1 ")
            out.append(decimal: UInt64(status))
            out.append(" ")
            out.append(head.reason, of: bytes)
            out.append("\r\n")
        case .notModified: out.append("HTTP/1.1 304 Not Modified\r\n")
        case .range: out.append("HTTP/1.1 206 Partial Content\r\n")
        }
    }

    private func writeContentRange(_ range: Range<Int>, to out: WireBuffer) {
        out.append("content-range: bytes ")
        out.append(decimal: UInt64(range.lowerBound))
        out.append("-")
        out.append(decimal: UInt64(range.upperBound - 1))
        out.append("/")
        out.append(decimal: UInt64(body.count))
        out.append("\r\n")
    }

    /// 304 leaves out what the client does not have to be told again (RFC 9110 section 15.4.5).
    private static func isLeftOut(_ field: Field, _ form: AnswerForm, _ bytes: UnsafeRawBufferPointer) -> Bool {
        switch (form, field.known) {
        case (.range, .contentRange), (.notModified, .contentType), (.notModified, .contentEncoding),
            (.notModified, .contentRange):
            true
        case (.notModified, .other): ASCII.isSame(field.name.bytes(in: bytes), word: "content-language")
        default: false
        }
    }

    /// The conditions with which the origin is asked whether this is still good (RFC 9111 section 4.3.1), in place of
    /// those of the client: see `isReplacedByConditions`.
    package func writeConditions(to out: WireBuffer) {
        headBytes.withUnsafeBytes { bytes in
            if let tag = validators.entityTag {
                out.append("if-none-match: ")
                out.append(tag, of: bytes)
                out.append("\r\n")
            }
            if let date = validators.lastModifiedText {
                out.append("if-modified-since: ")
                out.append(date, of: bytes)
                out.append("\r\n")
            }
        }
    }
}

extension FieldName {
    /// Fields of the client that are left out when the gateway asks with conditions of its own.
    package var isReplacedByConditions: Bool {
        switch self {
        case .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .range: true
        default: false
        }
    }
}

extension WireBuffer {
    fileprivate func append(_ field: Field, _ bytes: UnsafeRawBufferPointer) {
        append(field.name, of: bytes)
        append(": ")
        append(field.value, of: bytes)
        append("\r\n")
    }
}
