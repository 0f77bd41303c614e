import HTTPWire

/// The request fields by which stored responses of one URI differ: those that Vary names (RFC 9111 section 4.1) and the
/// route's `keyHeaders`, with the values that they had. At most 32.
struct SelectingFields: Hashable, Sendable {
    struct Selector: Hashable, Sendable {
        /// In lower case.
        let name: [UInt8]
        let form: SelectingValue.Form
        let isPresent: Bool
        let value: [UInt8]
    }

    static let most = 32
    private(set) var selectors: [Selector] = []

    /// - Returns: nil when the response can be selected by no other request: `Vary: *`, what is no list of names, or a
    ///   field that the gateway itself writes differently each time.
    init?(
        _ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, request: borrowing RequestHead,
        _ requestBytes: UnsafeRawBufferPointer, keyHeaders: [[UInt8]]
    ) {
        for name in keyHeaders { add(name, request, requestBytes) }
        guard head.has(.vary) else { return }
        for field in head.fields where field.known == .vary {
            var members = ListMembers(field.value.bytes(in: bytes))
            while let member = members.next() {
                let name = ASCII.lowered(member)
                guard name.allSatisfy(ASCII.isToken), !SelectingFields.isUnusable(name) else { return nil }
                add(name, request, requestBytes)
                guard selectors.count <= SelectingFields.most else { return nil }
            }
        }
    }

    private mutating func add(_ name: [UInt8], _ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer) {
        guard !selectors.contains(where: { $0.name == name }) else { return }
        let form = SelectingValue.Form(name)
        var value = SelectingValue(name, form, bytes)
        var content: [UInt8] = []
        while let byte = value.next(request.fields) { content.append(byte) }
        selectors.append(Selector(name: name, form: form, isPresent: value.isPresent, value: content))
    }

    /// Whether the request has the same values. Costs a walk over the request's fields for each selector; no
    /// allocation.
    func match(_ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer) -> Bool {
        for index in selectors.indices where !matches(selectors[index], request, bytes) { return false }
        return true
    }

    private func matches(
        _ selector: Selector, _ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        var value = SelectingValue(selector.name, selector.form, bytes)
        for expected in selector.value where value.next(request.fields) != expected { return false }
        return value.next(request.fields) == nil && value.isPresent == selector.isPresent
    }

    var byteCount: Int { selectors.reduce(0) { $0 + $1.name.count + $1.value.count + 48 } }

    private static func isUnusable(_ name: [UInt8]) -> Bool { unusable.contains(name) }

    private static let unusable = Set(
        ["*", "via", "forwarded", "x-forwarded-for", "x-request-id", "traceparent", "tracestate"].map { Array($0.utf8) }
    )
}

/// The value of one request field in the form in which it is compared, byte by byte: its lines joined by commas, without
/// the blanks around commas that are in no quoted string, and where case means nothing in lower case. Fields with secrets
/// are compared as they are.
struct SelectingValue {
    enum Form: Sendable { case exact, list, caselessList }

    private let name: [UInt8]
    private let form: Form
    private let bytes: UnsafeRawBufferPointer
    private var line = 0
    private var position = 0
    private var isInLine = false
    private var atMemberStart = true
    private var isQuoted = false
    private var isEscaped = false
    /// Blanks before this position belong to the value.
    private var blanksKept = 0
    private(set) var isPresent = false

    init(_ name: [UInt8], _ form: Form, _ bytes: UnsafeRawBufferPointer) {
        (self.name, self.form, self.bytes) = (name, form, bytes)
    }

    mutating func next(_ fields: [Field]) -> UInt8? {
        while line < fields.count {
            guard isInLine || enter(fields[line]) else {
                line += 1
                continue
            }
            if isInLine, position == 0, isPresent, wasJoined { return joined() }
            if let byte = nextOfLine(fields[line].value) { return byte }
            leave()
        }
        return nil
    }

    private var wasJoined = false

    private mutating func enter(_ field: Field) -> Bool {
        // What Connection names did not go to the origin, so it has selected nothing.
        guard !field.isHopByHop, Int(field.name.count) == name.count, ASCII.isSame(field.name.bytes(in: bytes), name)
        else { return false }
        wasJoined = isPresent
        (isInLine, isPresent, position, blanksKept) = (true, true, 0, 0)
        return true
    }

    /// The comma between two lines.
    private mutating func joined() -> UInt8 {
        (wasJoined, atMemberStart, isQuoted, isEscaped) = (false, true, false, false)
        return UInt8(ascii: ",")
    }

    private mutating func leave() {
        isInLine = false
        line += 1
    }

    private mutating func nextOfLine(_ value: Slice) -> UInt8? {
        while position < Int(value.count) {
            let byte = bytes[value.start + position]
            position += 1
            if form == .exact { return byte }
            if SelectingValue.isBlank(byte), !isQuoted, position > blanksKept, skipBlanks(value) { continue }
            atMemberStart = byte == UInt8(ascii: ",") && !isQuoted
            noteQuotes(byte)
            return form == .caselessList ? ASCII.lower(byte) : byte
        }
        return nil
    }

    /// Moves past the blanks that go on here, when they are before or behind a member; else they are kept.
    private mutating func skipBlanks(_ value: Slice) -> Bool {
        var end = position
        while end < Int(value.count), SelectingValue.isBlank(bytes[value.start + end]) { end += 1 }
        if atMemberStart || end == Int(value.count) || bytes[value.start + end] == UInt8(ascii: ",") {
            position = end
            return true
        }
        blanksKept = end
        return false
    }

    private mutating func noteQuotes(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\"") {
            isQuoted.toggle()
        } else if isQuoted, byte == UInt8(ascii: "\\") {
            isEscaped = true
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

extension SelectingValue.Form {
    init(_ name: [UInt8]) {
        switch String(decoding: name, as: UTF8.self) {
        case "accept-encoding", "accept-language", "accept-charset": self = .caselessList
        case "authorization", "cookie", "proxy-authorization": self = .exact
        default: self = .list
        }
    }
}
