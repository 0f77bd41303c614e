package import Base

/// Opens single segments of a sealed stream in any order: see `SegmentLayout` for which, and where they stand.
package struct SegmentOpener: Sendable {
    /// How far on either side a segment is sought that is not in its place.
    private static let reach: Int64 = 32

    private let cipher: SegmentCipher

    /// - Parameter streamHeader: The first 40 bytes of the stream.
    /// - Throws: `ApusError` `envelope-truncated` for fewer, `envelope-tampered` for what is no such header.
    package init(key: DataKey, associatedData: [UInt8], streamHeader: [UInt8]) throws(ApusError) {
        guard streamHeader.count >= SegmentLayout.headerBytes else {
            throw Envelope.truncated("it ends within the first bytes of its stream")
        }
        guard streamHeader[0] == UInt8(SegmentLayout.headerBytes) else {
            throw Envelope.tampered("its stream does not begin as one of AES256_GCM_HKDF_1MB does")
        }
        let salt = 1..<(1 + SegmentLayout.saltBytes)
        cipher = SegmentCipher(
            key: key, associatedData: associatedData, salt: Array(streamHeader[salt]),
            prefix: Array(streamHeader[salt.upperBound..<SegmentLayout.headerBytes]))
    }

    /// Appends the content of one segment to `output`.
    ///
    /// - Parameters:
    ///   - index: Its number in the stream.
    ///   - sealed: All its bytes, the tag among them.
    ///   - isLengthKnown: Whether the stream is as long as it was made: then what does not open is no cut.
    /// - Throws: `ApusError` `envelope-tampered`, `envelope-truncated` or `envelope-segments` when the tag is wrong; nothing
    ///   is appended then.
    package func open(
        _ index: Int64, isLast: Bool, _ sealed: Span<UInt8>, isLengthKnown: Bool = false, into output: inout [UInt8]
    ) throws(ApusError) {
        guard let number = UInt32(exactly: index), sealed.count <= SegmentLayout.sealedCapacity(number) else {
            throw Envelope.tampered(SegmentOpener.reason(index))
        }
        try sealed.withUnsafeBytes { (bytes) throws(ApusError) in
            if cipher.open(bytes, index: number, isLast: isLast, into: &output) { return }
            throw failure(bytes, number, isLast: isLast, isLengthKnown: isLengthKnown)
        }
    }

    /// Why a segment does not open in its place: it is found out by opening it as another.
    func failure(
        _ sealed: UnsafeRawBufferPointer, _ index: UInt32, isLast: Bool, isLengthKnown: Bool
    ) -> ApusError {
        var ignored = [UInt8]()
        if cipher.open(sealed, index: index, isLast: !isLast, into: &ignored) {
            return isLast
                ? Envelope.truncated("it ends with segment \(index), which is not its last")
                : Envelope.tampered("bytes follow its last segment")
        }
        let isFull = sealed.count == SegmentLayout.sealedCapacity(index)
        if isFull, let found = number(of: sealed, near: index) { return Envelope.misplaced(found, at: index) }
        if isLast, !isFull, !isLengthKnown {
            return Envelope.truncated(
                index == 0
                    ? "it ends in the middle of its first segment: cut, or the segment or the header was altered"
                    : "it ends in the middle of a segment: cut, or its end was altered")
        }
        return Envelope.tampered(SegmentOpener.reason(Int64(index)))
    }

    /// Which segment it is, as far as it is one of the 64 nearest. The first is shorter than all others and cannot be
    /// taken for one.
    private func number(of sealed: UnsafeRawBufferPointer, near index: UInt32) -> UInt32? {
        guard index > 0 else { return nil }
        var ignored = [UInt8]()
        for distance in 1...SegmentOpener.reach {
            for number in [Int64(index) + distance, Int64(index) - distance] {
                guard number > 0, let number = UInt32(exactly: number) else { continue }
                if cipher.open(sealed, index: number, isLast: false, into: &ignored) { return number }
            }
        }
        return nil
    }

    /// Whether it opened.
    func tryOpen(
        _ sealed: UnsafeRawBufferPointer, index: UInt32, isLast: Bool, into output: inout [UInt8]
    ) -> Bool {
        cipher.open(sealed, index: index, isLast: isLast, into: &output)
    }

    static func reason(_ index: Int64) -> String {
        index == 0
            ? "its first segment does not open; it, the header before it, or the key is not what it was"
            : "segment \(index) does not open"
    }
}
