import HTTPWire

/// CDN-Cache-Control and its like (RFC 9213): the same directives in a stricter syntax, for some caches alone.
extension ResponseDirectives {
    /// nil when the response has no such field, or one that is empty or no Dictionary: then it is as if it were not
    /// there (section 2.2). A directive with a value of another type than its own is taken for garbled (section 2.1).
    init?(targetedBy name: [UInt8], _ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer) {
        self.init()
        for field in head.fields where field.known == .other && ASCII.isSame(field.name.bytes(in: bytes), name) {
            var members = StructuredDictionary(field.value.bytes(in: bytes))
            while let member = members.next() {
                areTargeted = true
                if let directive = ResponseDirectives.directive(member.key, member.value) { note(directive) }
            }
            guard members.isValid else { return nil }
        }
        guard areTargeted else { return nil }
    }

    /// nil for `name=?0`, which says that the directive is not there.
    private static func directive(
        _ name: UnsafeRawBufferPointer, _ value: StructuredDictionary.Value
    ) -> DirectiveReader.Directive? {
        let none = UnsafeRawBufferPointer(rebasing: name[name.count...])
        switch value {
        case .boolean(let isSet): return isSet ? .init(name: name, value: none, argument: .none) : nil
        case .number(let text), .token(let text): return .init(name: name, value: text, argument: .token)
        case .string(let text):
            let isList = ASCII.isSame(name, word: "private") || ASCII.isSame(name, word: "no-cache")
            return .init(name: name, value: text, argument: isList ? .quoted : .malformed)
        case .other: return .init(name: name, value: none, argument: .malformed)
        }
    }
}
