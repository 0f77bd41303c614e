package import Settings

/// One kind of thing that a host can have: what it asks of the host, how it compares, what mends the difference.
///
/// Each kind is one file in this folder and one line in `ResourceCatalogue`. It decides and never acts: it is given
/// what the host answered and returns differences with the shell text that mends exactly these. The same comparison,
/// after the change, is the verification.
package protocol Resource: SettingsGroup {
    /// The key in the declarations: `file`.
    static var keyword: String { get }
    /// One sentence for the documentation.
    static var summary: String { get }

    /// Whether its change may bring about what nobody can foresee (a package, a command): what is missing after it is then
    /// looked for again.
    static var bringsUnforeseen: Bool { get }

    /// What this one is called in plans and reports: the path, the user's name.
    var label: String { get }

    /// The file whose content it declares, in whole or in part, where it does.
    var claim: PathClaim? { get }

    /// Reads what the declaration refers to (a local file, a template). Called once a host, before `probe`; the default
    /// has nothing to read.
    mutating func load(_ loader: any ContentLoader) throws(ResourceFault)

    /// Adds the questions that `compare` needs answered.
    func probe(_ request: inout ProbeRequest)

    /// Compares what is declared with what the host has, and says what mends it.
    ///
    /// What earlier resources of the same plan will have changed is in `host` already; what this one changes is told to
    /// `host` (`willWrite`, `willProvide`), for the later ones.
    ///
    /// - Throws: `ResourceFault` for what no change can mend.
    func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison
}

extension Resource {
    package static var bringsUnforeseen: Bool { false }

    package var claim: PathClaim? { nil }

    package mutating func load(_ loader: any ContentLoader) throws(ResourceFault) {}
}

/// A kind that runs something over what it is given, or shows it: with `sensitive`, nothing of that is shown.
protocol SensitiveResource: Resource {
    var sensitive: Bool { get set }
}

extension SensitiveResource {
    func hidden() -> any Resource {
        var copy = self
        copy.sensitive = true
        return copy
    }
}

/// A say over a file's content. One resource may have the whole, or several a part each; both at once would undo each
/// other in every run.
package enum PathClaim: Sendable, Equatable {
    case whole(String)
    case part(String)
    /// Nothing is to be there; any number may say so.
    case gone(String)
}

/// Where a declaration's `source:` and `template:` come from: beside the site file, or from the folders of the role.
package protocol ContentLoader {
    /// A local file as it is; it is not read into memory.
    func file(_ name: String) throws(ResourceFault) -> Content
    /// A local text file, rendered with the host's variables.
    func template(_ name: String) throws(ResourceFault) -> [UInt8]
    /// The files and folders below a local folder, by relative path; folders come before what is in them.
    func tree(_ name: String) throws(ResourceFault) -> [TreeEntry]
}

/// One entry of a local folder that is to stand on a host.
package struct TreeEntry: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case directory
        case file(Content)
        case link(String)
    }

    /// Relative to the folder, without a leading slash.
    package let path: String
    package let kind: Kind
    /// Permission bits of the local file.
    package let mode: UInt32

    package init(path: String, kind: Kind, mode: UInt32) {
        self.path = path
        self.kind = kind
        self.mode = mode
    }
}

/// Why a resource cannot be brought about; a sentence for the operator.
package struct ResourceFault: Error, Sendable, Equatable {
    package let message: String
    package init(_ message: String) { self.message = message }
}

/// What `Resource.compare` found.
package struct Comparison: Sendable {
    /// Empty: the host is as declared.
    package var differences: [Difference] = []
    /// What mends them, run by `set -e` in a subshell; empty when there are none.
    package var steps = StepScript()
    /// Why it can only be decided once the changes before it were made (a service of a package that is not installed
    /// yet). The resource is compared again after them.
    package var deferred: String?
    /// True for what cannot be verified by comparing again: a command runs each time that it is wanted.
    package var isAction = false

    package init() {}

    package static var same: Comparison { Comparison() }

    package static func deferred(_ why: String) -> Comparison {
        var comparison = Comparison()
        comparison.deferred = why
        return comparison
    }

    package mutating func differ(_ what: String, from old: String?, to new: String?) {
        differences.append(Difference(what: what, old: old, new: new))
    }
}

/// One aspect that differs: `mode` from `0600` to `0644`.
package struct Difference: Sendable, Equatable {
    package var what: String
    /// Nil where there is nothing.
    package var old: String?
    package var new: String?
    /// The text of a file before and after, for a unified diff; nil where the aspect is no text.
    package var text: TextChange?

    package init(what: String, old: String? = nil, new: String? = nil, text: TextChange? = nil) {
        self.what = what
        self.old = old
        self.new = new
        self.text = text
    }
}

/// Contents before and after. What is not known (too large, not fetched) is nil with its digest.
package struct TextChange: Sendable, Equatable {
    package var path: String
    package var old: [UInt8]?
    package var new: [UInt8]?
    package var oldDigest: String?
    package var newDigest: String?
    package var oldSize: Int?
    package var newSize: Int?
    /// Never shown: only that it differs.
    package var isSecret: Bool

    package init(
        path: String, old: [UInt8]? = nil, new: [UInt8]? = nil, oldDigest: String? = nil, newDigest: String? = nil,
        oldSize: Int? = nil, newSize: Int? = nil, isSecret: Bool = false
    ) {
        self.path = path
        self.old = old
        self.new = new
        self.oldDigest = oldDigest
        self.newDigest = newDigest
        self.oldSize = oldSize
        self.newSize = newSize
        self.isSecret = isSecret
    }
}
