/// Request methods that the gateway tells apart (RFC 9110 section 9, RFC 5789). Methods are case-sensitive.
package enum Method: UInt8, Sendable, CaseIterable {
    case get, head, post, put, delete, options, trace, patch, connect, other

    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        default: false
        }
    }

    package var isIdempotent: Bool {
        switch self {
        case .put, .delete: true
        default: isSafe
        }
    }

    /// `base` points at `count` readable bytes.
    @inline(__always)
    static func lookup(_ base: UnsafeRawPointer, count: Int) -> Method {
        guard count >= 3, count <= 7 else { return .other }
        let key = NameKey(base, count: count, foldsCase: false)
        switch count {
        case 3: return key == exact("GET") ? .get : key == exact("PUT") ? .put : .other
        case 4: return key == exact("POST") ? .post : key == exact("HEAD") ? .head : .other
        case 5: return key == exact("PATCH") ? .patch : key == exact("TRACE") ? .trace : .other
        case 6: return key == exact("DELETE") ? .delete : .other
        default: return key == exact("OPTIONS") ? .options : key == exact("CONNECT") ? .connect : .other
        }
    }

    @inline(__always)
    private static func exact(_ literal: StaticString) -> NameKey { NameKey(literal, foldsCase: false) }
}
