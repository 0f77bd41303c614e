/// Which status codes a cache may do what with.
enum StatusRules {
    /// RFC 9110 section 15.1, but 206: parts are not stored.
    static func isHeuristicallyCacheable(_ status: Int) -> Bool {
        switch status {
        case 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501: true
        default: false
        }
    }

    /// Whose rules for caching we follow, as `must-understand` demands (RFC 9111 section 5.2.2.3).
    static func isUnderstood(_ status: Int) -> Bool {
        switch status {
        case 200...204, 300...303, 307, 308, 400...405, 408, 410, 414, 429, 500...504: true
        default: false
        }
    }

    /// A final response that is whole in itself.
    static func isStorable(_ status: Int) -> Bool {
        status >= 200 && status < 600 && status != 206 && status != 304
    }
}
