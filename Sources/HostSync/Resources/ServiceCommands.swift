import SSHTransport

/// What starts, stops, enables and masks a service, by the manager that the host has.
struct ServiceCommands {
    let manager: ServiceStatus.Manager
    let name: String
    /// OpenRC's runlevel for `enable`.
    var runlevel = "default"

    enum Verb: String {
        case start, stop, restart, reload
    }

    private var unit: String { ShellText.quoted(ServiceStatus.unit(name)) }
    private var plain: String { ShellText.quoted(ServiceStatus.plain(name)) }

    /// systemd reads its files anew, where it knows that they changed: an earlier step may have written one.
    func reloadFiles(_ steps: inout StepScript) {
        guard manager == .systemd else { return }
        steps.text(
            "case $(systemctl show -p NeedDaemonReload -- \(unit)) in *=yes) systemctl daemon-reload;; esac")
    }

    func perform(_ verb: Verb, _ steps: inout StepScript) {
        switch manager {
        case .systemd:
            // What cannot reload is restarted.
            let word = verb == .reload ? "reload-or-restart" : verb.rawValue
            steps.text("systemctl --no-ask-password \(word) -- \(unit) || \(systemdReason)")
        case .openrc:
            let fallback = verb == .reload ? " || rc-service \(plain) restart" : ""
            steps.text("rc-service \(plain) \(verb.rawValue)\(fallback)")
        case .sysv:
            let fallback = verb == .reload ? " || apus_service \(plain) restart" : ""
            steps.text(
                "apus_service() { if command -v service >/dev/null 2>&1; then service \"$@\"; else \"/etc/init.d/$1\" \"$2\"; fi; }"
            )
            steps.text("apus_service \(plain) \(verb.rawValue)\(fallback)")
        }
    }

    /// The end of its journal is why it failed.
    private var systemdReason: String {
        "{ systemctl --no-pager --full --lines 8 status -- \(unit) | tail -n 12; exit 1; }"
    }

    func enable(_ isEnabled: Bool, _ steps: inout StepScript) {
        switch manager {
        case .systemd: steps.text("systemctl -q \(isEnabled ? "enable" : "disable") -- \(unit)")
        case .openrc where isEnabled: steps.text("rc-update -q add \(plain) \(ShellText.quoted(runlevel))")
        case .openrc: steps.text("rc-update -q -a del \(plain)")
        case .sysv:
            steps.text(
                """
                if command -v update-rc.d >/dev/null 2>&1; then
                \(isEnabled ? "update-rc.d \(plain) defaults >/dev/null; update-rc.d \(plain) enable" : "update-rc.d \(plain) disable")
                else chkconfig \(plain) \(isEnabled ? "on" : "off"); fi
                """)
        }
    }

    func mask(_ isMasked: Bool, _ steps: inout StepScript) {
        steps.text("systemctl -q \(isMasked ? "mask" : "unmask") -- \(unit)")
    }
}
