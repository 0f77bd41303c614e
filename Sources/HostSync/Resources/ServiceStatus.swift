import SSHTransport

/// The manager of services that a host has, and what it says of one service.
struct ServiceStatus: Equatable {
    enum Manager: String {
        case systemd, openrc, sysv
    }

    var isFound = false
    var isRunning = false
    /// What it is doing, in the manager's own word.
    var activity = "unknown"
    /// systemd's UnitFileState; `enabled` or `disabled` of the others.
    var enablement = ""
    var needsReload = false
    /// A oneshot that is not to stay active when it is done: it is never running.
    var doesNotStay = false
    /// The unit's own name where the one asked for is an alias.
    var identity: String?

    var isMasked: Bool { enablement.hasPrefix("masked") }

    /// Nil where systemd has no say in it: static units, generated ones.
    var isEnabled: Bool? {
        switch enablement {
        case "enabled", "alias": true
        case "static", "generated", "indirect", "transient", "linked-runtime": nil
        default: false
        }
    }

    /// Of all services of all declarations by one systemctl(1); the others are asked one by one.
    static let query = Query("services") { names in
        let units = names.map { unit($0) }
        return """
            set -- \(ShellText.quoted(names.map { plain($0) }))
            if [ -d /run/systemd/system ]; then
            echo manager=systemd
            systemctl show --no-pager -p \(properties) -- \(ShellText.quoted(units))
            \(others)
            """
    }

    private static let properties =
        "Id,Names,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,Type,RemainAfterExit"

    private static let others = #"""
        elif command -v rc-service >/dev/null 2>&1; then
        echo manager=openrc
        for s do
        if ! rc-service -e "$s"; then continue; fi
        rc-service "$s" status >/dev/null 2>&1 && a=started || a=stopped
        e=disabled
        for f in /etc/runlevels/*/"$s"; do if [ -e "$f" ] || [ -L "$f" ]; then e=enabled; fi; done
        echo "service|$s|$a|$e"
        done
        elif [ -d /etc/init.d ] && [ -n "$(ls /etc/init.d)" ]; then
        echo manager=sysv
        for s do
        if [ ! -x "/etc/init.d/$s" ]; then continue; fi
        "/etc/init.d/$s" status >/dev/null 2>&1 && a=started || a=stopped
        e=disabled
        for f in /etc/rc[2345].d/S[0-9][0-9]"$s"; do if [ -e "$f" ]; then e=enabled; fi; done
        echo "service|$s|$a|$e"
        done
        fi
        """#

    /// The name with its kind, as systemd wants it.
    static func unit(_ name: String) -> String {
        kinds.contains { name.hasSuffix($0) } ? name : "\(name).service"
    }

    /// The name without `.service`, as the others want it.
    static func plain(_ name: String) -> String {
        name.hasSuffix(".service") ? String(name.dropLast(8)) : name
    }

    static let kinds = [
        ".service", ".socket", ".timer", ".target", ".path", ".mount", ".automount", ".swap", ".slice", ".scope",
        ".device",
    ]

    // MARK: Reading

    static func manager(_ host: HostState) -> Manager? {
        host.lines(query).first { $0.hasPrefix("manager=") }.flatMap { Manager(rawValue: String($0.dropFirst(8))) }
    }

    static func of(_ name: String, _ host: HostState) -> ServiceStatus {
        manager(host) == .systemd ? systemd(unit(name), host) : other(plain(name), host)
    }

    /// systemctl writes a block for each unit, in no promised order, with an empty line between.
    private static func systemd(_ unit: String, _ host: HostState) -> ServiceStatus {
        let text = host.answer.queries[query.name]?.text ?? ""
        for block in text.split(separator: "\n\n") {
            var values: [Substring: Substring] = [:]
            for line in block.split(separator: "\n") {
                guard let equals = line.firstIndex(of: "=") else { continue }
                values[line[..<equals]] = line[line.index(after: equals)...]
            }
            let names = (values["Names"] ?? "").split(separator: " ")
            if values["Id"] == unit[...] || names.contains(unit[...]) { return ServiceStatus(values, unit) }
        }
        return ServiceStatus()
    }

    private init(_ values: [Substring: Substring], _ unit: String) {
        func value(_ key: Substring) -> String { String(values[key] ?? "") }
        let (active, detail) = (value("ActiveState"), value("SubState"))
        isFound = !["not-found", ""].contains(value("LoadState"))
        // A service that dies and is started again by systemd is `activating` in between.
        isRunning = active == "active" || active == "reloading" || active == "activating" && detail != "auto-restart"
        activity = detail == "auto-restart" ? "restarting by itself" : active
        enablement =
            value("LoadState") == "masked" && value("UnitFileState").isEmpty ? "masked" : value("UnitFileState")
        needsReload = value("NeedDaemonReload") == "yes"
        doesNotStay = value("Type") == "oneshot" && value("RemainAfterExit") == "no"
        identity = value("Id") == unit ? nil : value("Id")
    }

    private static func other(_ name: String, _ host: HostState) -> ServiceStatus {
        for line in host.lines(query) {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false)
            guard fields.count == 4, fields[0] == "service", fields[1] == name else { continue }
            var status = ServiceStatus()
            status.isFound = true
            status.isRunning = fields[2] == "started"
            status.activity = String(fields[2])
            status.enablement = String(fields[3])
            return status
        }
        return ServiceStatus()
    }

    init() {}
}
