import Base
package import HTTPWire

/// What of a stored response a request is answered with: conditions and ranges of the client are judged against what is
/// stored (RFC 9111 section 4.3.2, RFC 9110 sections 13 and 14).
package enum AnswerForm: Hashable, Sendable {
    case whole
    /// 304.
    case notModified
    /// 206, these bytes of the body.
    case range(Range<Int>)
    /// 416.
    case unsatisfiableRange
}

extension StoredResponse {
    /// Costs a test of a bit for each of three fields where the request has none of them.
    package func form(for request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer) -> AnswerForm {
        // Conditions are about successful answers (RFC 9110 section 13.2.1).
        guard status >= 200, status < 300 else { return .whole }
        if request.has(.ifNoneMatch) {
            if matchesNone(request, bytes) { return .notModified }
        } else if request.has(.ifModifiedSince), isUnmodified(request, bytes) {
            return .notModified
        }
        guard request.has(.range), request.method == .get, status == 200 else { return .whole }
        return range(request, bytes)
    }

    /// Whether If-None-Match names this version, by weak comparison.
    private func matchesNone(_ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer) -> Bool {
        for field in request.fields where field.known == .ifNoneMatch {
            var members = ListMembers(field.value.bytes(in: bytes))
            while let member = members.next() {
                if ASCII.isSame(member, word: "*") { return true }
                if withEntityTag({ EntityTag.matchWeakly(member, $0) }) ?? false { return true }
            }
        }
        return false
    }

    /// Without Last-Modified its Date tells when it was current.
    private func isUnmodified(_ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard request.count(.ifModifiedSince) == 1, let field = request.first(.ifModifiedSince),
            let since = FieldDate.parse(field.value.bytes(in: bytes))
        else { return false }
        return (validators.lastModified ?? validators.date.wholeSecond) <= since
    }

    private func range(_ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer) -> AnswerForm {
        guard request.count(.range) == 1, let field = request.first(.range), allowsRange(request, bytes) else {
            return .whole
        }
        return AnswerForm(range: field.value.bytes(in: bytes), of: body.count)
    }

    /// If-Range wants the very version, by strong comparison.
    private func allowsRange(_ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let field = request.first(.ifRange) else { return true }
        guard request.count(.ifRange) == 1 else { return false }
        let value = field.value.bytes(in: bytes)
        if let since = FieldDate.parse(value) {
            return validators.isLastModifiedStrong && validators.lastModified == since
        }
        return withEntityTag { EntityTag.matchStrongly(value, $0) } ?? false
    }

    func withEntityTag<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard let tag = validators.entityTag else { return nil }
        return headBytes.withUnsafeBytes { body(tag.bytes(in: $0)) }
    }
}

extension AnswerForm {
    /// One range of bytes (RFC 9110 section 14.1.2). Several, another unit and what is garbled get the whole, as a
    /// server may ignore Range.
    init(range value: UnsafeRawBufferPointer, of count: Int) {
        self = .whole
        guard value.count > 6, ASCII.isSame(UnsafeRawBufferPointer(rebasing: value[..<6]), word: "bytes=") else {
            return
        }
        let set = UnsafeRawBufferPointer(rebasing: value[6...]).trimmed
        guard let dash = set.firstIndex(of: UInt8(ascii: "-")), !set.contains(UInt8(ascii: ",")) else { return }
        let (first, last) = (
            UnsafeRawBufferPointer(rebasing: set[..<dash]), UnsafeRawBufferPointer(rebasing: set[(dash + 1)...])
        )
        if first.isEmpty {
            guard let suffix = AnswerForm.position(last) else { return }
            self = suffix == 0 || count == 0 ? .unsatisfiableRange : .range(max(0, count - suffix)..<count)
            return
        }
        guard let start = AnswerForm.position(first) else { return }
        var end = Int.max - 1
        if !last.isEmpty {
            guard let position = AnswerForm.position(last), position >= start else { return }
            end = position
        }
        self = start >= count ? .unsatisfiableRange : .range(start..<min(end + 1, count))
    }

    /// Digits, clamped far above any body.
    private static func position(_ digits: UnsafeRawBufferPointer) -> Int? {
        guard !digits.isEmpty else { return nil }
        var number = 0
        for digit in digits {
            guard digit &- 0x30 < 10 else { return nil }
            number = min(1 << 60, number * 10 + Int(digit &- 0x30))
        }
        return number
    }
}
