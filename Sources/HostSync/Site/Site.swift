package import Settings

/// A site as it was read: hosts, variables and plays. It is the same for every host and is shared by all of them.
package struct Site: Sendable {
    /// As the user named it.
    package let file: String
    package let inventory: Inventory
    let variables: OrderedMap<Value>
    let plays: [Play]
    let connectTimeout: Duration
    let silenceTimeout: Duration
    let redactor: Redactor
    /// SHA-256 over all files that make the site, in the order in which they were read: what a saved plan is held to.
    package let digest: String
    package let warnings: [Complaint]

    /// How many entries all plays have together.
    package var declaredCount: Int { plays.reduce(0) { $0 + $1.tasks.count } }
}

/// A site that cannot be used: everything that is wrong with it.
package struct SiteRefused: Error, Sendable {
    package let complaints: [Complaint]
}
