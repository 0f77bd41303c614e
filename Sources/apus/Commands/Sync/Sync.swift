import ArgumentParser

/// `apus sync`, also as `syncd`: declared hosts.
struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring hosts to what a site file declares, over SSH.",
        discussion: """
            A site file says which hosts there are and what they are to have: files, users, packages, services. Nothing is
            installed on the hosts; a shell and OpenSSH are enough. Each host costs one connection and a few round trips.

            EXAMPLES
              apus sync init site.yaml           write a small example
              apus sync plan site.yaml           what differs, and how
              apus sync apply site.yaml          change just that, and prove it
            """,
        subcommands: [
            SyncPlan.self, SyncApply.self, SyncDrift.self, SyncCheck.self, SyncFacts.self, SyncInit.self,
            SyncImport.self, SyncPull.self, SyncSecret.self, SyncExplain.self,
        ])
}
