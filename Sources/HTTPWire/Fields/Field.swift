/// One field line. 20 bytes in an array that is used again for the next head.
package struct Field: Sendable {
    package var name: Slice
    /// Without the white space around it (RFC 9110 section 5.5).
    package var value: Slice
    package var known: FieldName
    /// Not to be passed on: a hop-by-hop field, one that Connection names, one of the framing, which is generated anew, or
    /// Expect in HTTP/1.0.
    package var isHopByHop: Bool

    package init(name: Slice, value: Slice, known: FieldName, isHopByHop: Bool) {
        self.name = name
        self.value = value
        self.known = known
        self.isHopByHop = isHopByHop
    }
}

extension [Field] {
    func first(_ known: FieldName) -> Field? {
        for field in self where field.known == known { return field }
        return nil
    }

    func count(_ known: FieldName) -> Int {
        var count = 0
        for field in self where field.known == known { count += 1 }
        return count
    }

    func first(named name: UnsafeBufferPointer<UInt8>, in bytes: UnsafeRawBufferPointer) -> Field? {
        guard let base = bytes.baseAddress else { return nil }
        for field in self where Int(field.name.count) == name.count && Field.equal(name, base, field.name) {
            return field
        }
        return nil
    }

    func first(named name: String, in bytes: UnsafeRawBufferPointer) -> Field? {
        var name = name
        return name.withUTF8 { first(named: $0, in: bytes) }
    }
}

extension Field {
    /// Compares without regard to the case of letters. `slice` is as long as `name`.
    static func equal(_ name: UnsafeBufferPointer<UInt8>, _ base: UnsafeRawPointer, _ slice: Slice) -> Bool {
        let other = base + slice.start
        for index in 0..<name.count {
            guard sameLetter(name[index], other.load(fromByteOffset: index, as: UInt8.self)) else { return false }
        }
        return true
    }

    @inline(__always)
    private static func sameLetter(_ one: UInt8, _ other: UInt8) -> Bool {
        one == other || (one ^ other == 0x20 && (one | 0x20) &- 0x61 < 26)
    }
}
