import SSHTransport
package import Settings

/// `kernelModule`: a module of the kernel, loaded now and at boot, with its options.
package struct KernelModuleResource: Resource {
    package static let keyword = "kernelModule"
    package static let summary = "A kernel module, loaded now and at boot."

    package var name = ""
    package var options: String?
    package var state = DeclaredState.present

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .plainName, "The module's name.", required: true),
            SettingsField(
                "options", \.options, .oneLine,
                "Its parameters, such as max_loop=64; they hold from the next loading on."),
            DeclaredState.field(\.state, "Whether it is loaded; absent unloads it, and no longer loads it at boot."),
        ]
    }

    package var label: String { name }
    /// The kernel takes `-` for `_`, and always writes the latter.
    private var kernelName: String { name.replacing("-", with: "_") }
    private var loadPath: String { "/etc/modules-load.d/apus-\(name).conf" }
    private var optionsPath: String { "/etc/modprobe.d/apus-\(name).conf" }

    private func file(_ path: String, _ text: String) -> FileResource {
        var file = FileResource()
        file.path = path
        file.wanted = .bytes(Array(text.utf8))
        file.mode = 0o644
        return file
    }

    private func removal(_ path: String) -> AbsentResource {
        var removal = AbsentResource()
        removal.path = path
        return removal
    }

    /// Names of loaded and of built-in modules among the items; a built-in one has a folder in /sys/module too.
    static let loaded = Query("modules") { names in
        let patterns = names.map { ShellText.quoted($0) }.joined(separator: "|")
        return """
            while read -r n r; do case $n in \(patterns)) printf '%s\\n' "$n";; esac; done </proc/modules
            for n in \(ShellText.quoted(names)); do [ ! -d "/sys/module/$n" ] || [ -e "/sys/module/$n/initstate" ] || printf 'builtin|%s\\n' "$n"; done
            """
    }

    package func probe(_ request: inout ProbeRequest) {
        for path in [loadPath, optionsPath] {
            request.path(HostPath(path).folder)
            request.digest(path)
        }
        removal(loadPath).probe(&request)
        removal(optionsPath).probe(&request)
        request.ask(KernelModuleResource.loaded, kernelName)
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        var comparison = Comparison()
        let lines = host.lines(KernelModuleResource.loaded)
        let isLoaded = lines.contains(kernelName[...])
        let isBuiltIn = lines.contains("builtin|\(kernelName)"[...])
        if state == .present {
            try add(file(loadPath, "\(name)\n").compare(&host), &comparison, "at boot")
            if let options {
                try add(file(optionsPath, "options \(name) \(options)\n").compare(&host), &comparison, "options")
            }
            if !isLoaded, !isBuiltIn {
                comparison.differ("loaded", from: "false", to: "true")
                comparison.steps.run("modprobe", name)
            }
        } else {
            if isBuiltIn { throw ResourceFault("\(name) is built into the kernel, and cannot be absent") }
            try add(removal(loadPath).compare(&host), &comparison, "at boot")
            try add(removal(optionsPath).compare(&host), &comparison, "options")
            if isLoaded {
                comparison.differ("loaded", from: "true", to: "false")
                comparison.steps.run("modprobe", "-r", name)
            }
        }
        return comparison
    }

    private func add(_ part: Comparison, _ comparison: inout Comparison, _ what: String) {
        comparison.differences += part.differences.map { difference in
            var difference = difference
            difference.what = "\(what): \(difference.what)"
            return difference
        }
        guard !part.steps.isEmpty else { return }
        // A small system may have none; they are root's.
        if state == .present { comparison.steps.text("(umask 022; mkdir -p /etc/modules-load.d /etc/modprobe.d)") }
        comparison.steps.text("umask 077")
        comparison.steps.append(part.steps)
    }
}
