import Base
import HTTPTypes
import Hummingbird
import NIOCore

/// Keeps web pages of other sites away from an endpoint that listens where a browser can reach it.
///
/// A page on the internet can make a browser send requests to 127.0.0.1. Two rules stop it: the name in `Host` must be an IP
/// address, `localhost` or a name of ours (DNS rebinding uses a foreign one), and a change must not come from another origin
/// (`Sec-Fetch-Site`, or `Origin` where a browser does not send it).
struct AdminGuard: RouterMiddleware {
    typealias Context = BasicRequestContext
    private let names: Set<String>

    init(ownName: String, hosts: [String]) {
        names = Set((hosts + [ownName, "localhost"]).map { $0.lowercased() })
    }

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        guard isOurs(request.head.authority) else {
            return secured(.text("this name is not served: add it to admin.hosts\n", status: .misdirectedRequest))
        }
        if request.method != .get, request.method != .head, isForeign(request) {
            return secured(.text("changes are not taken from another site\n", status: .forbidden))
        }
        return secured(try await next(request, context))
    }

    private func isOurs(_ authority: String?) -> Bool {
        // A request without Host comes from no browser.
        guard let authority, !authority.isEmpty else { return true }
        let host = AdminGuard.host(of: authority).lowercased()
        return names.contains(host) || host.hasPrefix("[") || SocketAddressText.isIPv4(host)
    }

    private func isForeign(_ request: Request) -> Bool {
        if let site = request.headers[HTTPField.Name("Sec-Fetch-Site")!] {
            return site != "same-origin" && site != "none"
        }
        guard let origin = request.headers[.origin], let authority = request.head.authority else { return false }
        return origin != "http://\(authority)" && origin != "https://\(authority)"
    }

    /// `host:port` without its port; an IPv6 address keeps its brackets.
    static func host(of authority: String) -> String {
        if authority.hasPrefix("[") { return authority }
        return String(authority.prefix { $0 != ":" })
    }

    private func secured(_ response: Response) -> Response {
        var response = response
        response.headers[.contentSecurityPolicy] = ConsoleAssets.contentSecurityPolicy
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[HTTPField.Name("Referrer-Policy")!] = "same-origin"
        response.headers[.cacheControl] = "no-store"
        return response
    }
}

/// Whether a host is written as four decimal numbers.
enum SocketAddressText {
    static func isIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
