import Base
package import Settings

/// The keys at the top of a site file. What is free in form (hosts, variables, resources) stays a node and is read by
/// those who know its form.
struct SiteSettings: SettingsGroup {
    var hosts: YAMLNode?
    var groups: YAMLNode?
    var inventory: [String] = []
    var vars: YAMLNode?
    var varsFiles: [String] = []
    var secrets = SecretSettings()
    var connectTimeout = Duration.seconds(10)
    var silenceTimeout = Duration.seconds(600)
    var rollout = RolloutSettings()
    var resources: YAMLNode?
    var handlers: YAMLNode?
    var plays: YAMLNode?

    static var fields: [SettingsField<Self>] {
        [
            SettingsField("hosts", \.hosts, .node, "The hosts by name, with address, port, user, vars."),
            SettingsField("groups", \.groups, .node, "Groups of hosts by name, with hosts, children, vars."),
            SettingsField(
                "inventory", \.inventory, .oneOrMany(of: .nonEmptyString, count: 0...1000),
                "Ansible inventories, INI or YAML, beside this file."),
            SettingsField("vars", \.vars, .node, "Variables of all hosts; those of groups and hosts win over them."),
            SettingsField(
                "varsFiles", \.varsFiles, .oneOrMany(of: .nonEmptyString, count: 0...1000),
                "YAML files with more variables."),
            SettingsField("secrets", \.secrets, .group(), "Where the key of encrypted values comes from."),
            SettingsField(
                "connectTimeout", \.connectTimeout, .duration(in: .seconds(1) ... .seconds(300)),
                "How long a host may take to be reached."),
            SettingsField(
                "silenceTimeout", \.silenceTimeout, .duration(in: .seconds(1) ... .seconds(86_400)),
                "How long one step on a host may go on without a word."),
            SettingsField("rollout", \.rollout, .group(), "In which batches hosts are changed, and when that stops."),
            SettingsField("resources", \.resources, .node, "What every host of this file is to have, in order."),
            SettingsField("handlers", \.handlers, .node, "What is run once at the end, when something notified it."),
            SettingsField("plays", \.plays, .node, "Resources for some of the hosts each, one play after the other."),
        ]
    }
}

/// How a change goes through the hosts.
package struct RolloutSettings: SettingsGroup {
    package var serial: [BatchSize] = []
    package var maxFail: BatchSize?
    package var maxFailPercent: Double?
    package var canary = false

    package init() {}

    /// The limit in effect.
    var limit: BatchSize? { maxFail ?? maxFailPercent.map { .percent($0) } }

    package func check(_ complaints: inout SettingsChecker) {
        if maxFail != nil, maxFailPercent != nil {
            complaints.error(at: \Self.maxFailPercent, "give maxFail or maxFailPercent, not both")
        }
    }

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "serial", \.serial, .oneOrMany(of: .batchSize, count: 0...1000),
                "How many hosts at a time, 2 or 25%; a list gives the first batches, and its last the rest."),
            SettingsField(
                "maxFail", \.maxFail, .batchSize,
                "Stop when more hosts than this have failed, a number or a percentage of all; unreachable counts."),
            SettingsField(
                "maxFailPercent", \.maxFailPercent, .number(in: 0...100),
                "As maxFail, in percent of all hosts of the play."),
            SettingsField(
                "canary", \.canary, .bool, "Stop when any host of the first batch has failed."),
        ]
    }
}

/// A number of hosts, or a share of all.
package enum BatchSize: Sendable, Equatable {
    case count(Int)
    case percent(Double)

    /// Of `total` hosts.
    func hosts(of total: Int) -> Double {
        switch self {
        case .count(let count): Double(count)
        case .percent(let percent): Double(total) * percent / 100
        }
    }

    package init?(_ text: String) {
        if text.hasSuffix("%") {
            guard let percent = Double(text.dropLast()), (0...100).contains(percent) else { return nil }
            self = .percent(percent)
        } else {
            guard let count = Int(text), (0...1_000_000).contains(count) else { return nil }
            self = .count(count)
        }
    }

    var text: String {
        switch self {
        case .count(let count): "\(count)"
        case .percent(let percent): Value.number(percent).text + "%"
        }
    }
}

extension ValueFormat where Value == BatchSize {
    static var batchSize: ValueFormat {
        parsed(
            name: "a number of hosts", allowed: "2, or a share such as 25%", pattern: "^[0-9]+(\\.[0-9]+)?%?$",
            numbers: 0...1_000_000, parse: { BatchSize($0) }, render: { $0.text })
    }
}

/// Where the age identity (the private key) comes from; the first that is given. It is read when an encrypted value is.
struct SecretSettings: SettingsGroup {
    var identityFile: String?
    var identityEnvironment: String?
    var identityCommand: [String] = []

    static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "identityFile", \.identityFile, .path,
                "A file with age identities, AGE-SECRET-KEY-1…, as age-keygen writes."),
            SettingsField(
                "identityEnvironment", \.identityEnvironment, .nonEmptyString,
                "An environment variable that holds the identity."),
            SettingsField(
                "identityCommand", \.identityCommand, .list(of: .nonEmptyString, count: 0...100),
                "A program with its arguments that prints the identity."),
        ]
    }

    func check(_ complaints: inout SettingsChecker) {
        let given = [identityFile != nil, identityEnvironment != nil, !identityCommand.isEmpty].count { $0 }
        if given > 1 { complaints.error(at: "", "give one of identityFile, identityEnvironment and identityCommand") }
    }
}
