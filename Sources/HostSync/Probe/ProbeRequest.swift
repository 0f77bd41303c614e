/// What is asked of a host in one leg, whatever the number of resources: each question once.
///
/// Paths are asked about in batches: one stat(1) and one sha256sum(1) for hundreds of them. What a resource needs beyond
/// paths and files is a `Query`, which is asked once for the items of all resources together.
package struct ProbeRequest: Sendable, Equatable {
    /// A file whose content is fetched is at most this large, in bytes; of a larger one only the digest is known.
    package static let mostContentBytes = 1 << 20

    private(set) var paths: [String] = []
    private(set) var digests: [String] = []
    /// Those of `paths` whose content does not matter.
    var plainPaths: [String] { paths.filter { !known.contains("d" + $0) } }
    private(set) var contents: [String] = []
    private(set) var queries: [QueryItems] = []
    package var wantsFacts = false
    private var known: Set<String> = []
    private var places: [String: Int] = [:]

    struct QueryItems: Sendable, Equatable {
        let query: Query
        var items: [String]
    }

    package init() {}

    /// Asks what stands at `path` (no link is followed): type, mode, owner, size, a link's target.
    package mutating func path(_ path: String) {
        if known.insert("p" + path).inserted { paths.append(path) }
    }

    /// As `path`, and the SHA-256 of a regular file's content.
    package mutating func digest(_ path: String) {
        self.path(path)
        if known.insert("d" + path).inserted { digests.append(path) }
    }

    /// As `digest`, and the content itself, up to `mostContentBytes`.
    package mutating func content(_ path: String) {
        digest(path)
        if known.insert("c" + path).inserted { contents.append(path) }
    }

    /// Adds `item` to what `query` is asked about.
    package mutating func ask(_ query: Query, _ item: String) {
        let place: Int
        if let found = places[query.name] {
            place = found
        } else {
            place = queries.count
            places[query.name] = place
            queries.append(QueryItems(query: query, items: []))
        }
        if known.insert("q\(query.name)\u{0}\(item)").inserted { queries[place].items.append(item) }
    }

    /// The questions that `other` does not ask.
    package func without(_ other: ProbeRequest) -> ProbeRequest {
        var rest = ProbeRequest()
        for path in paths where !other.known.contains("p" + path) { rest.path(path) }
        for path in digests where !other.known.contains("d" + path) { rest.digest(path) }
        for path in contents where !other.known.contains("c" + path) { rest.content(path) }
        for asked in queries {
            // A query answers for all of its items at once, so that one more asks for all of them again.
            let isKnown = asked.items.allSatisfy { other.known.contains("q\(asked.query.name)\u{0}\($0)") }
            if !isKnown { for item in asked.items { rest.ask(asked.query, item) } }
        }
        return rest
    }

    package var isEmpty: Bool { paths.isEmpty && queries.isEmpty && !wantsFacts }
}

/// A question beyond paths, put to the host once for all items that any resource asks about (all packages, all units).
///
/// Its script runs in a subshell under `LC_ALL=C`, reads nothing, changes nothing, and prints lines that the resource
/// reads; what it prints on standard error is dropped.
package struct Query: Sendable, Equatable {
    package let name: String
    /// POSIX sh that answers for these items. Items are any text: quote them with `ShellText`.
    package let script: @Sendable (_ items: [String]) -> String

    package init(_ name: String, script: @escaping @Sendable (_ items: [String]) -> String) {
        self.name = name
        self.script = script
    }

    package static func == (left: Query, right: Query) -> Bool { left.name == right.name }
}
