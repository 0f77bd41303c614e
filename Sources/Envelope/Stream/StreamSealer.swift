package import Base

/// Makes one sealed stream of pieces.
///
/// ```swift
/// var sealer = try StreamSealer(key: sealed.plain, associatedData: header.associatedData)
/// try sealer.feed(piece.span, into: &output)     // as often as needed; send and empty `output` in between
/// try sealer.finish(into: &output)
/// ```
/// **Never seal two different contents with the same key, salt and prefix**: that gives both away. They are given only
/// to make the very same stream again, byte for byte, after an interruption; otherwise they are random.
///
/// Bound: one segment (1 MiB) is held back until more follows, because the last one is marked. Whole segments of a
/// large piece are sealed where they stand; others cost one copy.
package struct StreamSealer: ~Copyable {
    /// What the stream begins with, to be kept by whoever may have to make it again.
    package let salt: [UInt8]
    package let noncePrefix: [UInt8]

    private let cipher: SegmentCipher
    private var pending: [UInt8] = []
    private var index: UInt32 = 0
    private var isBegun = false
    private var isFinished = false

    /// - Parameters:
    ///   - key: Of this file alone.
    ///   - salt: 32 bytes.
    ///   - noncePrefix: 7 bytes.
    /// - Throws: `ApusError` `envelope-field` for a salt or prefix of another length.
    package init(
        key: DataKey, associatedData: [UInt8], salt: [UInt8]? = nil, noncePrefix: [UInt8]? = nil
    ) throws(ApusError) {
        let salt = salt ?? Random.bytes(SegmentLayout.saltBytes)
        let prefix = noncePrefix ?? Random.bytes(SegmentLayout.prefixBytes)
        self.salt = salt
        self.noncePrefix = prefix
        cipher = SegmentCipher(key: key, associatedData: associatedData, salt: salt, prefix: prefix)
        guard salt.count == SegmentLayout.saltBytes, prefix.count == SegmentLayout.prefixBytes else {
            throw ApusError(code: "envelope-field", "a sealed stream has a salt of 32 bytes and a prefix of 7")
        }
    }

    /// Takes more of the content; whole segments are appended to `output` as they come.
    ///
    /// - Throws: `ApusError` `envelope-finished` after `finish`, `envelope-too-large` beyond 2^32 segments.
    package mutating func feed(_ plain: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(ApusError) {
        guard !isFinished else {
            throw ApusError(code: "envelope-finished", "bytes were fed to a finished stream")
        }
        begin(into: &output)
        var rest = plain
        // A segment that is merely full waits: it may be the last.
        while pending.count + rest.count > SegmentLayout.plainCapacity(index) {
            let taken = SegmentLayout.plainCapacity(index) - pending.count
            let part = UnsafeRawBufferPointer(rebasing: rest[..<taken])
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            if pending.isEmpty {
                try seal(part, into: &output)
            } else {
                pending.append(contentsOf: part)
                try sealPending(into: &output)
            }
        }
        pending.append(contentsOf: rest)
    }

    /// The same for borrowed bytes.
    package mutating func feed(_ plain: Span<UInt8>, into output: inout [UInt8]) throws(ApusError) {
        try plain.withUnsafeBytes { (bytes) throws(ApusError) in
            try feed(bytes, into: &output)
        }
    }

    /// Appends the last segment. Nothing can be fed afterwards; a second call does nothing.
    package mutating func finish(into output: inout [UInt8]) throws(ApusError) {
        if isFinished { return }
        begin(into: &output)
        isFinished = true
        let last = pending
        pending = []
        try last.span.withUnsafeBytes { (bytes) throws(ApusError) in
            try cipher.seal(bytes, index: index, isLast: true, into: &output)
        }
    }

    private mutating func begin(into output: inout [UInt8]) {
        if isBegun { return }
        isBegun = true
        output.append(UInt8(SegmentLayout.headerBytes))
        output += salt
        output += noncePrefix
    }

    private mutating func sealPending(into output: inout [UInt8]) throws(ApusError) {
        // Out of the way, so that it can be read while `self` changes; its memory is used again.
        var full = [UInt8]()
        swap(&full, &pending)
        try full.span.withUnsafeBytes { (bytes) throws(ApusError) in
            try seal(bytes, into: &output)
        }
        full.removeAll(keepingCapacity: true)
        pending = full
    }

    private mutating func seal(_ plain: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(ApusError) {
        guard index < UInt32.max else {
            throw ApusError(code: "envelope-too-large", "a sealed stream has at most 2^32 segments of 1 MiB")
        }
        try cipher.seal(plain, index: index, isLast: false, into: &output)
        index += 1
    }
}

enum Random {
    /// From the system's generator, getrandom(2).
    static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
