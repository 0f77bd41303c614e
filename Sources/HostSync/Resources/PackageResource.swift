package import Settings

/// `package`: software of the host's own package manager, at any version, at a given one, or absent. All packages of
/// all declarations are looked up by one command.
package struct PackageResource: Resource {
    package static let keyword = "package"
    package static let summary = "Packages that are installed, at a version if one is given, or are not."
    package static var bringsUnforeseen: Bool { true }

    package enum State: String, Sendable, CaseIterable {
        case present, latest, absent
    }

    /// When the package lists are refreshed before something is installed.
    package enum Refresh: Sendable, Equatable {
        case never
        case always
        /// Only when they are older.
        case olderThan(Duration)
    }

    package var names: [String] = []
    package var version: String?
    package var state = State.present
    package var hold: Bool?
    package var purge = false
    package var noRecommends = false
    package var manager: PackageManager?
    /// Nil: only where there are no lists at all, as on a fresh image.
    package var updateCache: Refresh?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "name", \.names, .oneOrMany(of: .packageName, count: 1...1000), "A package's name, or a list of them.",
                required: true),
            SettingsField(
                "version", \.version, .packageVersion,
                "Exactly this version, or with * at its end any that begins so; older than the installed one, too."),
            SettingsField(
                "state", \.state, .choice(),
                "present: installed; latest: at the newest version that the lists know of; absent: not installed."),
            SettingsField(
                "hold", \.hold, .bool, "Whether upgrades pass over it (apt, dnf and yum with versionlock, zypper)."),
            SettingsField("purge", \.purge, .bool, "With absent: its configuration files go, too (apt, apk, pacman)."),
            SettingsField(
                "noRecommends", \.noRecommends, .bool, "Install what it needs, and not what goes well with it."),
            SettingsField("manager", \.manager, .choice(), "The package manager; found out where it is not given."),
            SettingsField(
                "updateCache", \.updateCache, .packageRefresh,
                "Refresh the package lists before an installation: true, false, or only when older than a time such as 1h; "
                    + "with latest, lists older than that time are a difference."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if version != nil, names.count > 1 {
            complaints.error(at: \Self.version, "is of one package: declare each package by itself")
        }
        if version != nil, state != .present { complaints.error(at: \Self.version, "goes with state: present only") }
        if state == .absent, hold != nil { complaints.error(at: \Self.hold, "does not go with state: absent") }
        if purge, state != .absent { complaints.error(at: \Self.purge, "goes with state: absent only") }
    }

    package var label: String { names.joined(separator: ", ") }

    package func probe(_ request: inout ProbeRequest) {
        for name in names {
            request.ask(PackageManager.installed(manager), name)
            if state == .latest { request.ask(PackageManager.candidates(manager), name) }
        }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        if state == .latest, host.willHave("repository") {
            return .deferred("the newest version is known once the repositories are set up")
        }
        let latest = state == .latest ? host.lines(PackageManager.candidates(manager)) : []
        let table = PackageTable(host.lines(PackageManager.installed(manager)) + latest)
        guard let found = table.manager else {
            if host.changesBefore { return .deferred("the package manager may come with an earlier change") }
            throw ResourceFault("there is no package manager that is known: apt, dnf, yum, zypper, apk or pacman")
        }
        let commands = PackageCommands(manager: found, withoutRecommends: noRecommends)
        var comparison = Comparison()
        if state == .absent {
            remove(table, commands, &comparison)
        } else {
            try install(table, commands, &comparison)
        }
        if !comparison.differences.isEmpty {
            host.willProvide("package")
            for name in names { host.willProvide("package:\(name)") }
        }
        return comparison
    }

    private func remove(_ table: PackageTable, _ commands: PackageCommands, _ comparison: inout Comparison) {
        var gone: [String] = []
        for name in names {
            let unfinished = table.unfinished(name).flatMap { $0 == "config-files" && !purge ? nil : $0 }
            guard let old = table.installed(name).first?.version ?? unfinished else { continue }
            gone.append(name)
            comparison.differ(name, from: old, to: nil)
        }
        guard !gone.isEmpty else { return }
        commands.begin(&comparison.steps)
        commands.remove(gone, purge: purge, &comparison.steps)
    }

    private func install(
        _ table: PackageTable, _ commands: PackageCommands, _ comparison: inout Comparison
    ) throws(ResourceFault) {
        if version != nil { try commands.checkVersion() }
        var missing: [String] = []
        var old: [String] = []
        for name in names {
            if let installed = table.installed(name).first {
                guard let wanted = outdated(name, table) else { continue }
                try refuseHeld(name, installed.version, table)
                old.append(name)
                comparison.differ(name, from: installed.version, to: wanted)
            } else if version != nil || !table.isProvided(name) {
                missing.append(name)
                let unfinished = table.unfinished(name).flatMap { $0 == "config-files" ? nil : $0 }
                comparison.differ(name, from: unfinished, to: version ?? table.candidate(name) ?? "installed")
            }
        }
        let isStale = refreshIsDue(table)
        if case .olderThan = updateCache, state == .latest, isStale {
            comparison.differ("package lists", from: age(table), to: "refreshed")
        }
        let holds = try holdChanges(table, commands, &comparison)
        guard !comparison.differences.isEmpty else { return }
        commands.begin(&comparison.steps)
        let installs = !missing.isEmpty || !old.isEmpty
        if isStale, installs || state == .latest { commands.refresh(&comparison.steps) }
        let free = (missing + old).filter { table.isHeld($0) }
        if !free.isEmpty { try commands.hold(free, false, &comparison.steps) }
        if version != nil {
            commands.install(missing + old, version: version, &comparison.steps)
        } else {
            if !missing.isEmpty { commands.install(missing, version: nil, &comparison.steps) }
            // After a refresh there may be newer ones than the plan knew of.
            let upgraded = state == .latest && isStale ? names.filter { !missing.contains($0) } : old
            if !upgraded.isEmpty { commands.upgrade(upgraded, &comparison.steps) }
        }
        let held = hold == true ? free + holds.filter { !free.contains($0) } : []
        if !held.isEmpty { try commands.hold(held, true, &comparison.steps) }
        let freed = hold == false ? holds.filter { !free.contains($0) } : []
        if !freed.isEmpty { try commands.hold(freed, false, &comparison.steps) }
    }

    /// The version that an installed package is to be brought to, nil where it may stay.
    private func outdated(_ name: String, _ table: PackageTable) -> String? {
        let entries = table.installed(name)
        if let version {
            return entries.allSatisfy { PackageTable.matches($0, version, table.manager) } ? nil : version
        }
        guard state == .latest, let newest = table.candidate(name) else { return nil }
        return entries.contains { $0.version == newest } ? nil : newest
    }

    private func refuseHeld(_ name: String, _ version: String, _ table: PackageTable) throws(ResourceFault) {
        guard hold == nil, table.isHeld(name) else { return }
        throw ResourceFault(
            "\(name) is held at \(version): give hold: true to change and hold it again, or hold: false to release it")
    }

    private func holdChanges(
        _ table: PackageTable, _ commands: PackageCommands, _ comparison: inout Comparison
    ) throws(ResourceFault) -> [String] {
        guard let hold else { return [] }
        let changed = names.filter { table.isHeld($0) != hold }
        for name in changed {
            comparison.differ("\(name) hold", from: hold ? "free" : "held", to: hold ? "held" : "free")
        }
        return changed
    }

    private func refreshIsDue(_ table: PackageTable) -> Bool {
        switch updateCache {
        case nil: return table.hasNoLists
        case .never: return false
        case .always: return true
        case .olderThan(let limit):
            guard let age = table.listsAgeSeconds else { return true }
            // A time in the future tells nothing.
            return age < 0 || Duration.seconds(age) > limit
        }
    }

    private func age(_ table: PackageTable) -> String? {
        table.listsAgeSeconds.map { $0 < 0 ? "of unknown age" : "\($0 / 60)m old" }
    }
}
