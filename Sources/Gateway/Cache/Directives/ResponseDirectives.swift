import HTTPWire

/// What an origin allows caches (RFC 9111 section 5.2.2, RFC 5861), in Cache-Control or in a field that is targeted at
/// caches like this one (RFC 9213). What is garbled or said twice differently is taken for the stricter: such freshness
/// is none at all, as section 4.2.1 encourages.
struct ResponseDirectives: Sendable {
    enum Seconds: Hashable, Sendable {
        case absent
        case valid(Int64)
        case invalid
    }

    var noStore = false
    /// Without field names.
    var noCache = false
    var isPrivate = false
    var isPublic = false
    var mustRevalidate = false
    var proxyRevalidate = false
    var mustUnderstand = false
    var maxAge = Seconds.absent
    var sharedMaxAge = Seconds.absent
    var staleIfError: Int64?
    var staleWhileRevalidate: Int64?
    /// The fields that `no-cache="…"` and `private="…"` name, in lower case: they are never stored.
    var withheldFields: [[UInt8]] = []
    /// They come from a targeted field: neither Cache-Control nor Expires counts.
    var areTargeted = false

    /// More names than this in one response are no list that somebody meant: it is taken as if it named none.
    static let mostWithheldFields = 64

    init() {}

    /// - Parameter targets: names in lower case, the first that is there and well-formed counts.
    init(_ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, targets: [[UInt8]]) {
        for name in targets {
            if let directives = ResponseDirectives(targetedBy: name, head, bytes) {
                self = directives
                return
            }
        }
        guard head.has(.cacheControl) else { return }
        for field in head.fields where field.known == .cacheControl {
            var reader = DirectiveReader(field.value.bytes(in: bytes))
            while let directive = reader.next() { note(directive) }
        }
    }

    mutating func note(_ directive: DirectiveReader.Directive) {
        switch directive.name.count {
        case 6: if directive.isNamed("public"), directive.argument == .none { isPublic = true }
        case 7:
            if directive.isNamed("max-age") { maxAge.note(directive.seconds) }
            if directive.isNamed("private"), !withhold(directive) { isPrivate = true }
        case 8:
            if directive.isNamed("no-store") { noStore = true }
            if directive.isNamed("no-cache"), !withhold(directive) { noCache = true }
            if directive.isNamed("s-maxage") { sharedMaxAge.note(directive.seconds) }
        default: noteLonger(directive)
        }
    }

    private mutating func noteLonger(_ directive: DirectiveReader.Directive) {
        switch directive.name.count {
        case 14:
            if directive.isNamed("stale-if-error"), let seconds = directive.seconds {
                staleIfError = min(staleIfError ?? .max, seconds)
            }
        case 15:
            if directive.isNamed("must-revalidate") { mustRevalidate = true }
            if directive.isNamed("must-understand") { mustUnderstand = true }
        case 16: if directive.isNamed("proxy-revalidate") { proxyRevalidate = true }
        case 22:
            if directive.isNamed("stale-while-revalidate"), let seconds = directive.seconds {
                staleWhileRevalidate = min(staleWhileRevalidate ?? .max, seconds)
            }
        default: break
        }
    }

    /// False when the directive names no fields, so that it concerns the whole response. The form without quotes is
    /// taken so, too: a sender should not use it, and who reads it as a flag is on the safe side.
    private mutating func withhold(_ directive: DirectiveReader.Directive) -> Bool {
        guard directive.argument == .quoted else { return false }
        var members = ListMembers(directive.value)
        var names: [[UInt8]] = []
        while let name = members.next() {
            guard name.allSatisfy(ASCII.isToken), names.count < Self.mostWithheldFields else { return false }
            names.append(ASCII.lowered(name))
        }
        guard !names.isEmpty, withheldFields.count + names.count <= Self.mostWithheldFields else { return false }
        withheldFields += names
        return true
    }
}

extension ResponseDirectives.Seconds {
    /// Another value of the same directive; nil is one that is no number.
    mutating func note(_ seconds: Int64?) {
        let next: Self = seconds.map { .valid($0) } ?? .invalid
        self = self == .absent || self == next ? next : .invalid
    }
}
