/// How groups stand below each other: depths and cycles, from the children of each (Kahn 1962).
struct GroupTree {
    private static let mostCycles = 10

    /// The longest way from a group without parents; of no meaning where there are cycles.
    private(set) var depths: [Int]
    /// Each cycle as its groups, every one the parent of the next and the last that of the first. At most ten.
    private(set) var cycles: [[Int]] = []

    init(children: [[Int]]) {
        depths = [Int](repeating: 0, count: children.count)
        var open = Walk(children: children)
        while true {
            open.run(&depths)
            guard open.remaining > 0, cycles.count < GroupTree.mostCycles, let cycle = open.cycle() else { return }
            cycles.append(cycle)
            open.cut(cycle)
        }
    }

    private struct Walk {
        let children: [[Int]]
        var parents: [Set<Int>]
        var ready: [Int]
        var isDone: [Bool]
        var remaining: Int

        init(children: [[Int]]) {
            self.children = children
            var parents = [Set<Int>](repeating: [], count: children.count)
            for (parent, list) in children.enumerated() { for child in list { parents[child].insert(parent) } }
            self.parents = parents
            ready = children.indices.filter { parents[$0].isEmpty }
            isDone = [Bool](repeating: false, count: children.count)
            remaining = children.count
        }

        /// Takes every group whose parents are all taken.
        mutating func run(_ depths: inout [Int]) {
            while let group = ready.popLast() {
                isDone[group] = true
                remaining -= 1
                for child in children[group] {
                    depths[child] = max(depths[child], depths[group] + 1)
                    if parents[child].remove(group) != nil, parents[child].isEmpty { ready.append(child) }
                }
            }
        }

        /// Every group left has a parent that is left: going up must come round.
        func cycle() -> [Int]? {
            guard var group = isDone.indices.first(where: { !isDone[$0] }) else { return nil }
            var way: [Int] = []
            var place: [Int: Int] = [:]
            while place[group] == nil {
                place[group] = way.count
                way.append(group)
                guard let parent = parents[group].min() else { return nil }
                group = parent
            }
            return place[group].map { Array(way[$0...].reversed()) }
        }

        /// Takes the edge that closes the cycle away.
        mutating func cut(_ cycle: [Int]) {
            guard let parent = cycle.last, let child = cycle.first else { return }
            if parents[child].remove(parent) != nil, parents[child].isEmpty { ready.append(child) }
        }
    }
}
