import Base
import HTTPWire

/// By what a stored response is told from other versions (RFC 9110 section 8.8). The slices lie in its stored head.
struct Validators: Sendable {
    /// With `W/` and quotes, as the origin wrote it; nil without one or with several.
    let entityTag: Slice?
    let lastModifiedText: Slice?
    let lastModified: WallInstant?
    /// Date of the response.
    let date: WallInstant

    init(_ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, date: WallInstant) {
        let tag = head.count(.etag) == 1 ? head.first(.etag)?.value : nil
        entityTag = tag.flatMap { $0.isEmpty ? nil : $0 }
        lastModified = FieldDate.only(.lastModified, head, bytes)
        lastModifiedText = lastModified == nil ? nil : head.first(.lastModified)?.value
        self.date = date
    }

    var canValidate: Bool { entityTag != nil || lastModified != nil }

    /// Last-Modified is a strong validator when nothing can have changed in the same second after it was sent
    /// (section 8.8.2.2).
    var isLastModifiedStrong: Bool {
        guard let lastModified else { return false }
        return date.nanosecondsSince1970.subtractingClamped(lastModified.nanosecondsSince1970) >= 1_000_000_000
    }
}

/// Entity tags, compared as text: what stands for an origin's tag is its own choice, quoted or not.
enum EntityTag {
    static func isWeak(_ tag: UnsafeRawBufferPointer) -> Bool {
        tag.count >= 2 && tag[0] == UInt8(ascii: "W") && tag[1] == UInt8(ascii: "/")
    }

    private static func opaque(_ tag: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        isWeak(tag) ? UnsafeRawBufferPointer(rebasing: tag[2...]) : tag
    }

    /// Section 8.8.3.2.
    static func matchWeakly(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        opaque(one).isEqual(to: opaque(other))
    }

    static func matchStrongly(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        !isWeak(one) && !isWeak(other) && one.isEqual(to: other)
    }
}
