import Base
import Settings

/// Tells the builder what one host or group of a site says of its connection and variables.
struct SiteConnectionReader {
    private static let mostPasswordBytes = 4096

    let file: String
    let place: InventoryPlace
    /// As the file has it, with encrypted values as they are.
    let raw: YAMLNode
    let node: YAMLNode

    func set(_ connection: SiteConnection, of owners: [InventoryBuilder.Owner], _ builder: inout InventoryBuilder) {
        func set(_ key: ConnectionKey, _ name: String, _ value: Value?) {
            guard let value else { return }
            for owner in owners { builder.set(key, .value(value), of: owner, at: placed(name)) }
        }
        set(.address, "address", connection.address.map { .string($0) })
        set(.port, "port", connection.port.map { .integer($0) })
        set(.user, "user", connection.user.map { .string($0) })
        set(.identityFile, "identityFile", connection.identityFile.map { .string($0) })
        set(.transport, "local", connection.isLocal.map { .string($0 ? "local" : "ssh") })
        if let options = connection.sshOptions {
            for (index, option) in options.enumerated() { refuseHostKeyOption(option, index, &builder) }
            set(.sshOptions, "sshOptions", .list(options.flatMap { ["-o", .string($0)] }))
        }
        if let become = connection.become { setBecome(become, owners, &builder) }
        if let vars = connection.vars { setVariables(vars, owners, &builder) }
    }

    private func placed(_ key: String) -> InventoryPlace {
        place.below(key, at: node[key]?.position ?? place.position)
    }

    /// ssh takes the first of several values, and ours comes first: the option would do nothing.
    private func refuseHostKeyOption(_ option: String, _ index: Int, _ builder: inout InventoryBuilder) {
        guard option.lowercased().hasPrefix("stricthostkeychecking=") else { return }
        let position = node["sshOptions"]?[index]?.position ?? place.position
        builder.complaints.add(
            at: placed("sshOptions").below(index: index, at: position),
            "host keys are always checked: take new ones with --accept-new, or add them to known_hosts")
    }

    // MARK: Become

    private func setBecome(_ become: YAMLNode, _ owners: [InventoryBuilder.Owner], _ builder: inout InventoryBuilder) {
        let place = placed("become")
        if become.isNull { return }
        if let scalar = become.scalar {
            guard case .bool(let isWanted) = Value(scalar) else {
                let message =
                    "found \(become.kindName), wanted true, false, or a mapping with user, method and password"
                return builder.complaints.add(at: place, message)
            }
            for owner in owners { builder.set(.become, .value(.bool(isWanted)), of: owner, at: place) }
            return
        }
        let result = SettingsReader.decode(SiteBecome.self, become, at: place.path, file: file)
        let isEncrypted = raw["become"]?["password"]?.text != become["password"]?.text
        for complaint in result.complaints where !(isEncrypted && complaint.severity == .warning) {
            builder.complaints.add(complaint)
        }
        guard let settings = result.group else { return }
        let password = password(settings, place.below("passwordFile", at: become["passwordFile"]?.position), &builder)
        for owner in owners {
            func set(_ key: ConnectionKey, _ name: String, _ content: ConnectionEntry.Content?) {
                guard let content else { return }
                builder.set(key, content, of: owner, at: place.below(name, at: become[name]?.position))
            }
            set(.become, "", .value(.bool(true)))
            set(.becomeUser, "user", settings.user.map { .value(.string($0)) })
            set(.becomeMethod, "method", settings.method.map { .value(.string($0.rawValue)) })
            set(.becomePassword, "password", password.map { .password($0) })
            if !settings.passwordCommand.isEmpty {
                set(.becomePassword, "passwordCommand", .command(settings.passwordCommand))
            }
        }
    }

    private func password(
        _ settings: SiteBecome, _ place: InventoryPlace, _ builder: inout InventoryBuilder
    ) -> Secret? {
        guard let name = settings.passwordFile else { return settings.password }
        let folder = file.lastIndex(of: "/").map { file[...$0] } ?? ""
        do {
            let path = name.hasPrefix("/") ? name : folder + name
            let bytes = try Files.read(path, limit: SiteConnectionReader.mostPasswordBytes)
            let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
            if let text = String(validating: line, as: UTF8.self), !text.isEmpty { return Secret(text) }
            builder.complaints.add(at: place, "the file's first line is empty, or no UTF-8 text")
        } catch {
            builder.complaints.add(at: place, error.message)
        }
        return nil
    }

    // MARK: Variables

    private func setVariables(_ vars: YAMLNode, _ owners: [InventoryBuilder.Owner], _ builder: inout InventoryBuilder) {
        if vars.isNull { return }
        let place = placed("vars")
        guard let mapping = vars.mapping else {
            return builder.complaints.add(at: place, "found \(vars.kindName), wanted a mapping of variables")
        }
        for entry in mapping.entries {
            let place = place.below(entry.key, at: entry.value.position)
            AnsibleValue.refuseVaults(in: entry.value, at: place, &builder.complaints)
            let value = Value(entry.value)
            for owner in owners { builder.set(entry.key, value, written: entry.value.text, of: owner, at: place) }
        }
    }
}
