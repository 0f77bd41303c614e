/// What the fields of a head say about framing, routing and the connection, gathered while the lines are read. Judged when
/// all have been read: so the same head gets the same answer however it arrives.
struct FieldFacts {
    var hosts = 0
    var host = Slice.none
    var lengths = 0
    var length: UInt64 = 0
    var lengthsDiffer = false
    var transferEncodings = 0
    var transferEncoding = Slice.none
    var upgrades = 0
    var upgrade = Slice.none
    var expectations = 0
    var expectation = Slice.none
    var options = ConnectionOptions()
    /// Fields that Connection names beside its known options.
    var named = 0
    var acceptsTrailers = false
    /// A bit for each known field that is present.
    var present: UInt64 = 0

    @inline(__always)
    mutating func note(_ field: Field, _ base: UnsafeRawPointer) throws(Stop) {
        present |= field.known.bit
        // The fields that decide come first in FieldName.
        guard field.known.rawValue &- 1 < FieldName.te.rawValue else { return }
        try noteDeciding(field, base)
    }

    private mutating func noteDeciding(_ field: Field, _ base: UnsafeRawPointer) throws(Stop) {
        switch field.known {
        case .host: (hosts, host) = (hosts &+ 1, field.value)
        case .contentLength: try noteLength(field.value, base)
        case .transferEncoding: (transferEncodings, transferEncoding) = (transferEncodings &+ 1, field.value)
        case .connection: noteOptions(field.value, base)
        case .upgrade: (upgrades, upgrade) = (upgrades &+ 1, field.value)
        case .expect: (expectations, expectation) = (expectations &+ 1, field.value)
        case .te: noteTE(field.value, base)
        default: break
        }
    }

    /// `1*DIGIT` of at most 19 digits and below 2^63. A list of equal lengths, which RFC 9110 section 8.6 lets a recipient
    /// repair, is refused.
    private mutating func noteLength(_ value: Slice, _ base: UnsafeRawPointer) throws(Stop) {
        guard value.count > 0, value.count <= 19 else { throw .refused(.invalidContentLength) }
        var number: UInt64 = 0
        for position in value.start..<value.end {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            guard ByteClass.isDigit(byte) else { throw .refused(.invalidContentLength) }
            number = number &* 10 &+ UInt64(byte &- 0x30)
        }
        guard number <= UInt64(Int64.max) else { throw .refused(.invalidContentLength) }
        lengthsDiffer = lengthsDiffer || lengths > 0 && number != length
        (lengths, length) = (lengths &+ 1, number)
    }

    private mutating func noteOptions(_ value: Slice, _ base: UnsafeRawPointer) {
        var items = ListItems(base, value)
        while let item = items.next() {
            if let option = ConnectionOptions.known(base, item) {
                options.formUnion(option)
            } else if !item.isEmpty {
                named &+= 1
            }
        }
    }

    private mutating func noteTE(_ value: Slice, _ base: UnsafeRawPointer) {
        var items = ListItems(base, value)
        while let item = items.next() {
            acceptsTrailers = acceptsTrailers || ListItems.equal(base, item, "trailers")
        }
    }

    /// RFC 9112 section 9.3.
    func isPersistent(minorVersion: UInt8) -> Bool {
        !options.contains(.close) && (minorVersion > 0 || options.contains(.keepAlive))
    }

    /// Whether the client waits for 100. Any other expectation cannot be met (RFC 9110 section 10.1.1). HTTP/1.0 has none:
    /// the field means nothing there.
    func expectsContinue(_ base: UnsafeRawPointer, minorVersion: UInt8) throws(Stop) -> Bool {
        guard expectations > 0, minorVersion > 0 else { return false }
        guard expectations == 1, ListItems.equal(base, expectation, "100-continue") else {
            throw .refused(.unknownExpectation)
        }
        return true
    }

    /// The value of Upgrade, when it is one line that Connection announces in HTTP/1.1 (RFC 9110 section 7.8).
    func announcedUpgrade(minorVersion: UInt8) -> Slice {
        minorVersion > 0 && upgrades == 1 && options.contains(.upgrade) ? upgrade : .none
    }
}

/// The options of Connection that are no names of other fields to strip (RFC 9110 section 7.6.1).
struct ConnectionOptions: OptionSet {
    let rawValue: UInt8
    static let close = ConnectionOptions(rawValue: 1)
    static let keepAlive = ConnectionOptions(rawValue: 2)
    static let upgrade = ConnectionOptions(rawValue: 4)
    static let te = ConnectionOptions(rawValue: 8)

    static func known(_ base: UnsafeRawPointer, _ item: Slice) -> ConnectionOptions? {
        switch item.count {
        case 2: ListItems.equal(base, item, "te") ? .te : nil
        case 5: ListItems.equal(base, item, "close") ? .close : nil
        case 7: ListItems.equal(base, item, "upgrade") ? .upgrade : nil
        case 10: ListItems.equal(base, item, "keep-alive") ? .keepAlive : nil
        default: nil
        }
    }
}
