import Settings

/// The one list of what can be declared. A new kind is its file in this folder and one line here.
package enum ResourceCatalogue {
    package static let kinds: [ResourceKind] = [
        ResourceKind(FileResource.self),
        ResourceKind(DirectoryResource.self),
        ResourceKind(SymlinkResource.self),
        ResourceKind(AbsentResource.self),
        ResourceKind(LineResource.self),
        ResourceKind(BlockResource.self),
        ResourceKind(UserResource.self),
        ResourceKind(GroupResource.self),
        ResourceKind(AuthorizedKeysResource.self),
        ResourceKind(PackageResource.self),
        ResourceKind(RepositoryResource.self),
        ResourceKind(ServiceResource.self),
        ResourceKind(SystemdUnitResource.self),
        ResourceKind(CommandResource.self),
        ResourceKind(CronResource.self),
        ResourceKind(MountResource.self),
        ResourceKind(SysctlResource.self),
        ResourceKind(KernelModuleResource.self),
        ResourceKind(HostnameResource.self),
        ResourceKind(TimezoneResource.self),
        ResourceKind(HostsEntryResource.self),
        ResourceKind(GitResource.self),
        ResourceKind(ArchiveResource.self),
        ResourceKind(DownloadResource.self),
        ResourceKind(CertificateResource.self), ResourceKind(FirewallResource.self),
    ]

    private static let byKeyword = Dictionary(uniqueKeysWithValues: kinds.map { ($0.keyword, $0) })

    package static var keywords: [String] { kinds.map(\.keyword) }

    /// Every key of these kinds with its values and meaning, as Markdown.
    package static func documentation(_ kinds: [ResourceKind]) -> String {
        SettingsSchema(kinds.map(\.section)).documentation
    }

    package static func kind(_ keyword: String) -> ResourceKind? { byKeyword[keyword] }
}

/// A type of `Resource`, its type erased.
package struct ResourceKind: Sendable {
    package let keyword: String
    package let summary: String
    /// Nil exactly when there is an error among the complaints.
    let decode: @Sendable (_ node: YAMLNode, _ path: SettingsPath, _ file: String) -> ((any Resource)?, [Complaint])
    let section: SettingsSection

    package init<Kind: Resource>(_ type: Kind.Type) {
        keyword = type.keyword
        summary = type.summary
        decode = { node, path, file in
            let result = SettingsReader.decode(type, node, at: path, file: file, references: NoReferences())
            return (result.group, result.complaints)
        }
        section = SettingsSection(type.keyword, type.summary, type)
    }
}
