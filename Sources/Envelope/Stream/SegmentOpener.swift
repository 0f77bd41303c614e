package import Base

/// Opens single segments of a sealed stream in any order: see `SegmentLayout` for which, and where they stand.
package struct SegmentOpener: Sendable {
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
    /// - Throws: `ApusError` `envelope-tampered` when the tag is wrong; nothing is appended then.
    package func open(
        _ index: Int64, isLast: Bool, _ sealed: Span<UInt8>, into output: inout [UInt8]
    ) throws(ApusError) {
        let isOpen = sealed.withUnsafeBytes { bytes in
            (0..<SegmentLayout.maximumSegments).contains(index)
                && bytes.count <= SegmentLayout.sealedCapacity(UInt32(index))
                && cipher.open(bytes, index: UInt32(index), isLast: isLast, into: &output)
        }
        if !isOpen { throw Envelope.tampered(SegmentOpener.reason(index)) }
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
