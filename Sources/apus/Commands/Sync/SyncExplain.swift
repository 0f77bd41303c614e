import ArgumentParser
import Base
import HostSync

/// `apus sync explain [KIND…]`: what can be declared, with every key.
struct SyncExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show the kinds of resources with their keys, as Markdown.",
        discussion: """
            EXAMPLES
              apus sync explain                  the kinds, a line each
              apus sync explain file service     their keys, values, defaults
              apus sync explain --all            the whole reference
            """)

    private static let heading = """
        # Resources of `apus sync`

        <!-- Written by `apus sync explain --all`. Do not edit: change the resource's type. -->

        What stands under `resources:` and `handlers:` of a [site](sync.md). Every entry may also have `name`, `when`, `loop`,
        `notify`, `requires`, `tags`, `vars` and `ignoreErrors`. Each value may be a template.


        """

    @Argument(help: "Kinds: file, service, ….", completion: .list(ResourceCatalogue.keywords))
    var kind: [String] = []

    @Flag(help: "All kinds.")
    var all = false

    func run() throws {
        if kind.isEmpty, !all {
            let width = ResourceCatalogue.keywords.map(\.count).max() ?? 0
            for kind in ResourceCatalogue.kinds {
                let gap = String(repeating: " ", count: width - kind.keyword.count + 2)
                try Report.output("\(kind.keyword)\(gap)\(kind.summary)\n")
            }
            return
        }
        let kinds =
            try all
            ? ResourceCatalogue.kinds
            : kind.map { name in
                guard let kind = ResourceCatalogue.kind(name) else {
                    throw ApusError(
                        code: "no-such-kind",
                        "there is no kind \(name); there are \(ResourceCatalogue.keywords.joined(separator: ", "))",
                        kind: .usage)
                }
                return kind
            }
        try Report.output((all ? SyncExplain.heading : "") + ResourceCatalogue.documentation(kinds))
    }
}
