import HTTPWire

/// One request on its way through the plan.
struct RouteSearch {
    let request: Router.Request
    let method: MethodSet
    var captures: PathCaptures
    /// Methods of the routes that would have fitted otherwise.
    var refused = MethodSet()

    init(request: Router.Request, method: MethodSet, captures: PathCaptures) {
        self.request = request
        self.method = method
        self.captures = captures
    }

    /// The bytes from `start` to the next slash.
    func segment(_ start: Int) -> UnsafeRawBufferPointer {
        var end = start
        while end < request.path.count, request.path[end] != PathByte.slash { end += 1 }
        return UnsafeRawBufferPointer(rebasing: request.path[start..<end])
    }
}

extension RouterPlan {
    func find(in set: HostSet, _ fields: [Field], _ search: inout RouteSearch) -> Int? {
        if set.hasExact {
            let leaf = exactPaths.find(set.number, search.request.path)
            if leaf != ByteTable.none, let route = choose(leaves[Int(leaf)], fields, &search) { return route }
        }
        if set.templates != ByteTable.none {
            search.captures.clear()
            if let route = template(set.templates, from: 1, fields, &search) { return route }
        }
        return set.prefixes == ByteTable.none ? nil : prefix(set.prefixes, fields, &search)
    }

    /// Goes as deep as the path's segments lead, then back from the longest prefix to the shortest.
    private func prefix(_ root: Int32, _ fields: [Field], _ search: inout RouteSearch) -> Int? {
        var node = root
        var best = nodes[Int(root)].entries.isEmpty ? ByteTable.none : root
        var start = 1
        while start < search.request.path.count {
            let segment = search.segment(start)
            node = edges.find(UInt32(node), segment)
            if node == ByteTable.none { break }
            if !nodes[Int(node)].entries.isEmpty { best = node }
            start += segment.count + 1
        }
        while best != ByteTable.none {
            if let route = choose(nodes[Int(best)].entries, fields, &search) { return route }
            best = nodes[Int(best)].shorter
        }
        return nil
    }

    /// Depth first, literals before names before the rest: each node is reached by one way only, so it is looked at
    /// once at most, and the depth is that of the deepest template.
    private func template(_ node: Int32, from start: Int, _ fields: [Field], _ search: inout RouteSearch) -> Int? {
        let current = nodes[Int(node)]
        let path = search.request.path
        guard start <= path.count else { return choose(current.entries, fields, &search) }
        let segment = search.segment(start)
        let next = start + segment.count + 1
        let child = edges.find(UInt32(node), segment)
        if child != ByteTable.none, let route = template(child, from: next, fields, &search) { return route }
        let count = search.captures.count
        if current.capture != ByteTable.none, !segment.isEmpty {
            search.captures.set(count, start, start + segment.count)
            if let route = template(current.capture, from: next, fields, &search) { return route }
            search.captures.truncate(to: count)
        }
        guard !current.rest.isEmpty, start < path.count, let route = choose(current.rest, fields, &search) else {
            return nil
        }
        search.captures.set(count, start, path.count)
        return route
    }

    private func choose(_ range: Range<Int>, _ fields: [Field], _ search: inout RouteSearch) -> Int? {
        for index in range {
            let entry = entries[index]
            guard entry.headers.isEmpty || fits(entry.headers, fields, search.request.head) else { continue }
            if entry.methods == .all || entry.methods.contains(search.method) { return entry.route }
            search.refused = search.refused.union(entry.methods)
        }
        return nil
    }

    private func fits(_ tests: Range<Int>, _ fields: [Field], _ head: UnsafeRawBufferPointer) -> Bool {
        for index in tests where !headers[index].fits(fields, in: head) { return false }
        return true
    }
}
