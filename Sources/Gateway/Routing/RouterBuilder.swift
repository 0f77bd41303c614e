/// Fills a `RouterPlan`: first the places, with the routes of each, then the routes of all places in one list.
struct RouterBuilder {
    private struct Candidate {
        let route: Int
        let match: RouteMatch
    }

    private var plan = RouterPlan()
    private var setOfHost: [HostPattern: Int] = [:]
    private var atLeaf: [[Candidate]] = []
    private var atNode: [[Candidate]] = []
    private var atRest: [[Candidate]] = []

    mutating func add(_ match: RouteMatch, number: Int) {
        let candidate = Candidate(route: number, match: match)
        // A host that stands there twice is one.
        var seen: Set<HostPattern> = []
        for host in match.hosts where seen.insert(host).inserted {
            let set = hostSet(host)
            switch match.path.kind {
            case .exact: addExact(candidate, to: set)
            case .prefix, .template: addSegments(candidate, to: set)
            }
        }
    }

    private mutating func hostSet(_ host: HostPattern) -> Int {
        if let known = setOfHost[host] { return known }
        let number = plan.hostSets.count
        plan.hostSets.append(RouterPlan.HostSet(number: UInt32(number)))
        setOfHost[host] = number
        plan.hosts.insert(host, Int32(number))
        return number
    }

    private mutating func addExact(_ candidate: Candidate, to set: Int) {
        plan.hostSets[set].hasExact = true
        let next = Int32(atLeaf.count)
        let leaf = Int(plan.exactPaths.insert(UInt32(set), candidate.match.path.bytes) { next })
        if leaf == atLeaf.count { atLeaf.append([]) }
        atLeaf[leaf].append(candidate)
    }

    private mutating func addSegments(_ candidate: Candidate, to set: Int) {
        var node = root(of: set, isTemplate: candidate.match.path.kind == .template)
        for segment in candidate.match.path.segments {
            switch segment {
            case .literal(let bytes): node = child(of: node, bytes)
            case .capture: node = captureChild(of: node)
            case .rest:
                atRest[node].append(candidate)
                return
            }
        }
        atNode[node].append(candidate)
    }

    private mutating func root(of set: Int, isTemplate: Bool) -> Int {
        let known = isTemplate ? plan.hostSets[set].templates : plan.hostSets[set].prefixes
        guard known == ByteTable.none else { return Int(known) }
        let node = newNode()
        if isTemplate { plan.hostSets[set].templates = Int32(node) } else { plan.hostSets[set].prefixes = Int32(node) }
        return node
    }

    private mutating func newNode() -> Int {
        plan.nodes.append(RouterPlan.Node())
        atNode.append([])
        atRest.append([])
        return plan.nodes.count - 1
    }

    private mutating func child(of node: Int, _ segment: [UInt8]) -> Int {
        let next = Int32(plan.nodes.count)
        let child = Int(plan.edges.insert(UInt32(node), segment) { next })
        if child == plan.nodes.count {
            _ = newNode()
            // For now the parent; `finish` makes the nearest one with entries of it.
            plan.nodes[child].shorter = Int32(node)
        }
        return child
    }

    private mutating func captureChild(of node: Int) -> Int {
        if plan.nodes[node].capture != ByteTable.none { return Int(plan.nodes[node].capture) }
        let child = newNode()
        plan.nodes[node].capture = Int32(child)
        return child
    }

    mutating func finish() -> RouterPlan {
        plan.leaves = atLeaf.map { place($0) }
        for index in plan.nodes.indices {
            plan.nodes[index].entries = place(atNode[index])
            plan.nodes[index].rest = place(atRest[index])
            // A parent stands before its children, so its own link is right already.
            let parent = plan.nodes[index].shorter
            guard parent != ByteTable.none, plan.nodes[Int(parent)].entries.isEmpty else { continue }
            plan.nodes[index].shorter = plan.nodes[Int(parent)].shorter
        }
        for (host, set) in setOfHost { plan.hostSets[set].next = plan.hosts.lessSpecific(than: host) }
        return plan
    }

    private mutating func place(_ candidates: [Candidate]) -> Range<Int> {
        let start = plan.entries.count
        let sorted = candidates.sorted { left, right in
            let methods = (left.match.methods.isEmpty ? 0 : 1, right.match.methods.isEmpty ? 0 : 1)
            if methods.0 != methods.1 { return methods.0 > methods.1 }
            let headers = (left.match.headers.count, right.match.headers.count)
            return headers.0 != headers.1 ? headers.0 > headers.1 : left.route < right.route
        }
        for candidate in sorted {
            let first = plan.headers.count
            plan.headers += candidate.match.headers.map { HeaderTest($0) }
            plan.entries.append(
                RouterPlan.Entry(
                    route: candidate.route, methods: plan.methods.set(of: candidate.match.methods),
                    headers: first..<plan.headers.count))
        }
        return start..<plan.entries.count
    }
}
