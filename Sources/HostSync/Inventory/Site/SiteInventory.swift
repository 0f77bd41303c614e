package import Settings

/// Reads the hosts and groups that stand in a site file itself.
///
///     hosts:
///       web[1:3]: {user: deploy, become: true}
///       db1: {address: 10.0.0.5, groups: [db]}
///     groups:
///       web: {hosts: ["web*"], vars: {port: 8080}}
///
/// Where the site has `hosts`, its groups hold only hosts that are declared, so that a slip is no new host; without
/// `hosts`, a group's names declare. In the same way `groups` of a host declare where the site has no `groups`.
package enum SiteInventory {
    package static func read(
        hosts: YAMLNode?, groups: YAMLNode?, file: String, into builder: inout InventoryBuilder
    ) {
        let hasHosts = SiteInventory.hasEntries(hosts)
        let reader = SiteInventoryReader(
            file: file, declaresHosts: !hasHosts, declaresGroups: !SiteInventory.hasEntries(groups))
        if let hosts { reader.readHosts(hosts, &builder) }
        if let groups { reader.readGroups(groups, &builder) }
    }

    /// Adds the host `localhost`, or makes the one that is there local: its commands run here without ssh.
    /// How it becomes another user stays as declared.
    package static func addLocalHost(into builder: inout InventoryBuilder) {
        let place = InventoryPlace("-")
        for host in builder.addHosts("localhost", to: InventoryBuilder.ungrouped, at: place) {
            builder.set(.transport, .value("local"), of: .host(host), at: place)
            builder.set(.address, .value("localhost"), of: .host(host), at: place)
        }
    }

    private static func hasEntries(_ node: YAMLNode?) -> Bool {
        switch node?.content {
        case .mapping(let mapping): !mapping.isEmpty
        case .sequence(let items): !items.isEmpty
        default: false
        }
    }
}
