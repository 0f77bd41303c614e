/// The list of what is installed. The contents are those of `packaging/systemd` and `examples/apus.yaml`: the build
/// embeds these very files (`Resources` holds links to them), so there is no second copy that could differ.
extension InstallItem {
    package static let configurationPath = "/etc/apus/apus.yaml"
    package static let programPath = "/usr/local/bin/apus"
    package static let sysusersPath = "/etc/sysusers.d/apus.conf"
    package static let tmpfilesPath = "/etc/tmpfiles.d/apus.conf"
    package static let rulesPath = "/etc/logsyncd/rules"
    package static let logsUnit = "logsyncd.service"
    /// From this version on, systemd knows `Type=notify-reload`; an older one would take the unit for `Type=simple`.
    package static let notifyReloadVersion = 253

    /// - Parameter systemdVersion: Nil when it is not known; what depends on it is then left out.
    package static func all(_ options: InstallOptions, systemdVersion: Int?) -> [InstallItem] {
        var items = [
            InstallItem(programPath, .program, role: .program, mode: 0o755),
            InstallItem(sysusersPath, .text(PackageResources.sysusers_conf), role: .account, mode: 0o644),
            InstallItem(tmpfilesPath, .text(PackageResources.tmpfiles_conf), role: .folder, mode: 0o644),
            unit("apus.service", PackageResources.apus_service),
        ]
        if let systemdVersion, systemdVersion >= notifyReloadVersion {
            items.append(unit("apus.service.d/notify-reload.conf", PackageResources.notify_reload_conf))
        }
        if options.withSocket { items.append(unit("apus.socket", PackageResources.apus_socket)) }
        if options.withLogs {
            items += [
                unit(logsUnit, PackageResources.logsyncd_service),
                InstallItem(rulesPath, .folder, role: .folder, mode: 0o755),
            ]
        }
        items += [
            InstallItem("/etc/apus", .folder, role: .folder, mode: 0o750, group: .service),
            InstallItem("/var/lib/apus", .folder, role: .folder, mode: 0o750, user: .service, group: .service),
            InstallItem(
                configurationPath, .text(PackageResources.apus_yaml), role: .configuration, mode: 0o640, group: .service
            ),
        ]
        return items + completions(options.completions)
    }

    private static func unit(_ name: String, _ content: [UInt8]) -> InstallItem {
        InstallItem("/etc/systemd/system/\(name)", .text(content), role: .unit, mode: 0o644)
    }

    private static func completions(_ scripts: InstallOptions.Completions) -> [InstallItem] {
        [
            ("/usr/local/share/bash-completion/completions/apus", scripts.bash),
            ("/usr/local/share/zsh/site-functions/_apus", scripts.zsh),
            ("/usr/local/share/fish/vendor_completions.d/apus.fish", scripts.fish),
        ]
        .filter { !$0.1.isEmpty }
        .map { InstallItem($0.0, .text(Array(($0.1 + "\n").utf8)), role: .completion, mode: 0o644) }
    }
}
