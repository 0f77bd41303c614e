import HTTPWire

/// What a client asks of caches (RFC 9111 section 5.2.1, RFC 5861 section 4). Where it is garbled or says two things,
/// the stricter is taken: the client gets an answer that is fresher than it asked for, never one that is older.
struct RequestDirectives: Sendable {
    enum MaxStale: Hashable, Sendable {
        case any
        case seconds(Int64)
    }

    var noCache = false
    var noStore = false
    var onlyIfCached = false
    /// Seconds, each of them.
    var maxAge: Int64?
    var minFresh: Int64?
    var maxStale: MaxStale?
    var staleIfError: Int64?

    init() {}

    /// Costs two tests of a bit where the request has neither Cache-Control nor Pragma.
    init(_ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer) {
        if request.has(.cacheControl) {
            for field in request.fields where field.known == .cacheControl {
                var reader = DirectiveReader(field.value.bytes(in: bytes))
                while let directive = reader.next() { note(directive) }
            }
        } else if request.has(.pragma) {
            // Section 5.4: for requests of HTTP/1.0 clients, and only without Cache-Control.
            for field in request.fields where field.known == .pragma {
                var reader = DirectiveReader(field.value.bytes(in: bytes))
                while let directive = reader.next() { noCache = noCache || directive.isNamed("no-cache") }
            }
        }
    }

    private mutating func note(_ directive: DirectiveReader.Directive) {
        switch directive.name.count {
        case 7: if directive.isNamed("max-age") { maxAge = min(maxAge ?? .max, directive.seconds ?? 0) }
        case 8:
            if directive.isNamed("no-cache") { noCache = true }
            if directive.isNamed("no-store") { noStore = true }
        case 9:
            if directive.isNamed("min-fresh") {
                minFresh = max(minFresh ?? 0, directive.seconds ?? DeltaSeconds.most)
            } else if directive.isNamed("max-stale") {
                noteMaxStale(directive)
            }
        case 14:
            if directive.isNamed("only-if-cached") { onlyIfCached = true }
            if directive.isNamed("stale-if-error"), let seconds = directive.seconds {
                staleIfError = min(staleIfError ?? .max, seconds)
            }
        default: break
        }
    }

    private mutating func noteMaxStale(_ directive: DirectiveReader.Directive) {
        if directive.argument == .none {
            if maxStale == nil { maxStale = .any }
        } else if let seconds = directive.seconds {
            if case .seconds(let known) = maxStale {
                maxStale = .seconds(min(known, seconds))
            } else {
                maxStale = .seconds(seconds)
            }
        } else {
            maxStale = .seconds(0)
        }
    }
}
