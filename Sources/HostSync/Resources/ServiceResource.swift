package import Settings

/// `service`: whether a service runs and whether it is started at boot, under systemd, OpenRC or sysv.
///
/// `restarted` and `reloaded` are what a handler does: they happen each time that they are asked for.
package struct ServiceResource: Resource {
    package static let keyword = "service"
    package static let summary = "A service that runs or does not, now and after a boot."
    package static var bringsUnforeseen: Bool { true }

    package enum State: String, Sendable, CaseIterable {
        case started, stopped, restarted, reloaded
    }

    package var name = ""
    package var running: Bool?
    package var enabled: Bool?
    package var masked: Bool?
    package var state: State?
    package var runlevel = "default"

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .unitName, "Its name; .service may be left out.", required: true),
            SettingsField("running", \.running, .bool, "Whether it runs now."),
            SettingsField("enabled", \.enabled, .bool, "Whether it is started at boot."),
            SettingsField("masked", \.masked, .bool, "Whether systemd refuses to start it at all."),
            SettingsField(
                "state", \.state, .choice(),
                "started and stopped are running: true and false; restarted and reloaded are for handlers: they happen each "
                    + "time, start what is stopped, and restart what cannot reload."),
            SettingsField("runlevel", \.runlevel, .plainName, "Of OpenRC: where it is enabled."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if state != nil, running != nil { complaints.error(at: \Self.state, "does not go with running") }
        if masked == true, isToRun == true || enabled == true {
            complaints.error(at: \Self.masked, "does not go with a service that runs or is enabled")
        }
        if state == nil, running == nil, enabled == nil, masked == nil {
            complaints.error(at: "", "give running, enabled, masked or state")
        }
    }

    package var label: String { name }

    private var isToRun: Bool? {
        switch state {
        case .started, .restarted, .reloaded: true
        case .stopped: false
        case nil: running
        }
    }

    package func probe(_ request: inout ProbeRequest) { request.ask(ServiceStatus.query, name) }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        guard let manager = ServiceStatus.manager(host) else {
            if host.changesBefore { return .deferred("what manages services may come with an earlier change") }
            throw ResourceFault("there is nothing that manages services: no running systemd, no OpenRC, no /etc/init.d")
        }
        let status = ServiceStatus.of(name, host)
        if !status.isFound, masked != true {
            // A package often enables and starts what it brings.
            let comes = host.willHave("package") || host.willHave("unit:\(ServiceStatus.unit(name))")
            if comes || host.changesBefore && !isAlreadyGone {
                return .deferred("\(name) may come with an earlier change")
            }
            if !isAlreadyGone { throw ResourceFault("there is no service \(name): is its package installed?") }
        }
        let wish = ServiceWish(
            name: name, running: state?.isAction == true ? nil : isToRun, enabled: enabled, masked: masked)
        let commands = ServiceCommands(manager: manager, name: name, runlevel: runlevel)
        var comparison = Comparison()
        try wish.compare(status, commands, &comparison)
        if let state, state.isAction {
            if status.isMasked, masked != false { throw ServiceWish.maskedFault(name) }
            comparison.isAction = true
            comparison.differ("state", from: status.activity, to: state.rawValue)
            commands.reloadFiles(&comparison.steps)
            commands.perform(state == .restarted ? .restart : .reload, &comparison.steps)
        }
        return comparison
    }

    /// Of what is not there, only this is true already.
    private var isAlreadyGone: Bool { isToRun != true && enabled != true && masked != true && state?.isAction != true }
}

extension ServiceResource.State {
    var isAction: Bool { self == .restarted || self == .reloaded }
}

/// What is wanted of a service, by `service` and by `systemdUnit`.
struct ServiceWish {
    let name: String
    var running: Bool?
    var enabled: Bool?
    var masked: Bool?

    static func maskedFault(_ name: String) -> ResourceFault {
        ResourceFault("\(name) is masked, so that nothing can start it: give masked: false")
    }

    /// - Throws: `ResourceFault` for what the manager cannot do.
    func compare(
        _ status: ServiceStatus, _ commands: ServiceCommands, _ comparison: inout Comparison
    ) throws(ResourceFault) {
        if masked != nil, commands.manager != .systemd {
            throw ResourceFault("only systemd can mask: leave masked out")
        }
        if status.isMasked, masked == nil, running == true || enabled == true { throw ServiceWish.maskedFault(name) }
        if enabled == false, status.enablement == "alias" {
            throw ResourceFault("\(name) is another name of \(status.identity ?? "a unit"): declare it by that one")
        }
        if running == true, status.doesNotStay {
            throw ResourceFault(
                "\(name) runs once and ends: leave running out, and start it by a handler (state: restarted)")
        }
        let unmasks = masked == false && status.isMasked
        if unmasks {
            comparison.differ("masked", from: "true", to: "false")
            commands.mask(false, &comparison.steps)
        }
        // A mask hides whether it is enabled.
        if let enabled, unmasks || status.isEnabled.map({ $0 != enabled }) ?? false {
            comparison.differ(
                "enabled", from: status.enablement.isEmpty ? "no" : status.enablement,
                to: enabled ? "enabled" : "disabled")
            commands.enable(enabled, &comparison.steps)
        }
        if let running, running != status.isRunning {
            comparison.differ("running", from: status.activity, to: running ? "started" : "stopped")
            commands.reloadFiles(&comparison.steps)
            if running, status.activity == "restarting by itself" {
                commands.perform(.restart, &comparison.steps)
            } else {
                commands.perform(running ? .start : .stop, &comparison.steps)
            }
        }
        if masked == true, !status.isMasked {
            comparison.differ("masked", from: "false", to: "true")
            commands.mask(true, &comparison.steps)
        }
    }
}

extension ValueFormat where Value == String {
    /// A unit of systemd, with or without its kind; also an instance such as `worker@3`.
    package static var unitName: ValueFormat {
        parsed(
            name: "a service's name", allowed: "such as nginx or worker@3.service",
            pattern: "^[A-Za-z0-9_][A-Za-z0-9:_.@\\\\-]*$",
            parse: { text in
                guard (1...240).contains(text.utf8.count), let first = text.utf8.first, first != UInt8(ascii: "-")
                else {
                    return nil
                }
                let isPlain = text.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                    default: ":_.@\\-".utf8.contains(byte)
                    }
                }
                return isPlain && first != UInt8(ascii: ".") ? text : nil
            }, render: { $0 })
    }
}
