import ArgumentParser

/// `apus gateway`: the reverse proxy by itself.
struct GatewayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "A reverse proxy that keeps a flaky upstream from hurting its users.",
        discussion: """
            EXAMPLES
              apus gateway run examples/gateway.yaml
              apus check examples/gateway.yaml
            """,
        subcommands: [GatewayRun.self])
}
