package import HTTPWire

/// Finds the route of a request. Built once for each generation from all routes, then only read, by every worker.
///
/// Of the routes that fit, the first in this order counts, whatever their order in the file:
/// 1. host: exact, then the longest wildcard, then any;
/// 2. path: exact, then templates (compared segment by segment: a literal before a name, a name before `{name*}`),
///    then the longest prefix;
/// 3. a route that names methods before one that does not;
/// 4. more conditions on headers before fewer;
/// 5. the earlier one in the file.
/// That is the order of Kubernetes' Gateway API. It looks at all hosts: where no route of the exact host fits, one of a
/// wildcard may.
///
/// The work for a request with a path of `s` segments: one lookup by hash for the host (and, without an exact one, one
/// for each of its dots), then for each of at most `w + 2` sets of hosts that fit: one lookup of the whole path, `s`
/// lookups for prefixes, and one for each beginning of a template that the path fits. Each lookup hashes its bytes and
/// compares them once. No allocation, no text; nothing else depends on how many routes there are. Measured: 50 ns with
/// one route, 120 to 200 ns with 2,000.
package struct Router: Sendable {
    package enum Answer: Hashable, Sendable {
        /// The route's place in the list.
        case route(Int)
        /// 404.
        case notFound
        /// 405: a route is for this host and path, its headers fit, but not for this method. `allowText` writes Allow.
        case methodNotAllowed(MethodSet)
    }

    /// The parts of a request that decide. They point into the caller's buffers for the time of the call.
    package struct Request {
        /// Host or authority as it came, with port.
        package var host: UnsafeRawBufferPointer
        /// By `PathNormalizer`, without query.
        package var path: UnsafeRawBufferPointer
        package var method: Method
        package var methodText: UnsafeRawBufferPointer
        /// What the slices of fields count from.
        package var head: UnsafeRawBufferPointer

        package init(
            host: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, method: Method,
            methodText: UnsafeRawBufferPointer, head: UnsafeRawBufferPointer
        ) {
            self.host = host
            self.path = path
            self.method = method
            self.methodText = methodText
            self.head = head
        }
    }

    let plan: RouterPlan

    package init(_ routes: [RouteMatch]) {
        plan = RouterPlan(routes)
    }

    /// - Parameters:
    ///   - fields: the request's, for routes with conditions on headers.
    ///   - captures: of the route's template; its content is undefined unless the answer is a route with a template.
    package func route(_ request: Request, fields: [Field], captures: inout PathCaptures) -> Answer {
        var search = RouteSearch(
            request: request, method: plan.methods.bit(request.method, request.methodText), captures: PathCaptures())
        defer { captures = search.captures }
        var set = plan.hosts.find(request.host)
        while set != ByteTable.none {
            if let route = plan.find(in: plan.hostSets[Int(set)], fields, &search) { return .route(route) }
            set = plan.hostSets[Int(set)].next
        }
        return search.refused.isEmpty ? .notFound : .methodNotAllowed(search.refused)
    }

    /// The value of Allow: `GET, HEAD, POST`.
    package func allowText(_ methods: MethodSet) -> String { plan.methods.names(of: methods).joined(separator: ", ") }
}
