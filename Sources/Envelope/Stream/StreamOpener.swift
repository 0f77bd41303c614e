package import Base

/// Opens a sealed stream as it comes. No byte of a segment is given before its tag has been checked; that the stream is
/// whole is known only when `finish` has returned.
///
/// Bound: one segment (1 MiB) is held back until more follows, since only the last one is marked as such.
package struct StreamOpener: ~Copyable {
    private enum Position { case header, segments, finished, failed }

    private let key: DataKey
    private let associatedData: [UInt8]
    private let streamBytes: Int64?
    private var opener: SegmentOpener?
    private var position = Position.header
    private var pending: [UInt8] = []
    private var index: UInt32 = 0
    private var received: Int64 = 0

    /// - Parameter streamBytes: How many bytes the stream should have, where that is known. Without it, a cut inside
    ///   the last segment cannot be told from a change to that segment, and is called a cut.
    package init(key: DataKey, associatedData: [UInt8], streamBytes: Int64? = nil) {
        self.key = key
        self.associatedData = associatedData
        self.streamBytes = streamBytes
    }

    /// Takes more of the stream and appends what opens of it.
    ///
    /// - Throws: `ApusError` `envelope-tampered` or `envelope-segments`, after which the opener cannot be used further; `envelope-finished`
    ///   after `finish`.
    package mutating func feed(_ sealed: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(ApusError) {
        try guarded { (opener) throws(ApusError) in
            try opener.run(sealed, into: &output)
        }
    }

    /// The same for borrowed bytes.
    package mutating func feed(_ sealed: Span<UInt8>, into output: inout [UInt8]) throws(ApusError) {
        try sealed.withUnsafeBytes { (bytes) throws(ApusError) in
            try feed(bytes, into: &output)
        }
    }

    /// Says that the stream is at its end, and appends its last segment.
    ///
    /// - Throws: `ApusError` `envelope-truncated` when the stream goes on, `envelope-tampered`, `envelope-segments`.
    package mutating func finish(into output: inout [UInt8]) throws(ApusError) {
        try guarded { (opener) throws(ApusError) in
            try opener.openLast(into: &output)
        }
        position = .finished
    }

    private mutating func guarded(
        _ body: (inout StreamOpener) throws(ApusError) -> Void
    ) throws(ApusError) {
        switch position {
        case .finished: throw ApusError(code: "envelope-finished", "bytes were fed to a finished stream")
        case .failed: throw Envelope.tampered("an earlier part of it does not open")
        case .header, .segments: break
        }
        do throws(ApusError) {
            try body(&self)
        } catch {
            position = .failed
            pending = []
            throw error
        }
    }

    private mutating func run(_ sealed: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(ApusError) {
        received += Int64(sealed.count)
        if let streamBytes, received > streamBytes { throw Envelope.tampered("it is longer than it was made") }
        var rest = sealed
        if position == .header {
            let missing = min(rest.count, SegmentLayout.headerBytes - pending.count)
            pending.append(contentsOf: rest[..<missing])
            rest = UnsafeRawBufferPointer(rebasing: rest[missing...])
            guard pending.count == SegmentLayout.headerBytes else { return }
            opener = try SegmentOpener(key: key, associatedData: associatedData, streamHeader: pending)
            pending = []
            position = .segments
        }
        while pending.count + rest.count > SegmentLayout.sealedCapacity(index) {
            let taken = SegmentLayout.sealedCapacity(index) - pending.count
            let part = UnsafeRawBufferPointer(rebasing: rest[..<taken])
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            try openMiddle(part, into: &output)
        }
        pending.append(contentsOf: rest)
    }

    /// Opens the segment that `pending` and `part` are together, and that is not the last.
    private mutating func openMiddle(
        _ part: UnsafeRawBufferPointer, into output: inout [UInt8]
    ) throws(ApusError) {
        if !pending.isEmpty { pending.append(contentsOf: part) }
        let isOpen =
            pending.isEmpty
            ? tryOpen(part, isLast: false, into: &output)
            : pending.withUnsafeBytes { tryOpen($0, isLast: false, into: &output) }
        guard isOpen, index < UInt32.max else {
            throw pending.isEmpty
                ? failure(part, isLast: false) : pending.withUnsafeBytes { failure($0, isLast: false) }
        }
        pending.removeAll(keepingCapacity: true)
        index += 1
    }

    private mutating func openLast(into output: inout [UInt8]) throws(ApusError) {
        if let streamBytes, received < streamBytes {
            throw Envelope.truncated("it has \(received) of \(streamBytes) bytes of its stream")
        }
        guard position == .segments, pending.count >= SegmentLayout.tagBytes else {
            throw Envelope.truncated("it ends before a segment does")
        }
        // An empty last segment would be a second way to write the same content.
        let isEmpty = pending.count == SegmentLayout.tagBytes && index > 0
        if !isEmpty, pending.withUnsafeBytes({ tryOpen($0, isLast: true, into: &output) }) { return }
        throw pending.withUnsafeBytes { failure($0, isLast: true) }
    }

    private func failure(_ sealed: UnsafeRawBufferPointer, isLast: Bool) -> ApusError {
        opener?.failure(sealed, index, isLast: isLast, isLengthKnown: streamBytes != nil)
            ?? Envelope.truncated("it ends before a segment does")
    }

    private func tryOpen(
        _ sealed: UnsafeRawBufferPointer, isLast: Bool, into output: inout [UInt8]
    ) -> Bool {
        opener?.tryOpen(sealed, index: index, isLast: isLast, into: &output) ?? false
    }
}
