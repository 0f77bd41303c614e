import Base
package import Settings

/// Reads a site file with everything that it refers to.
package enum SiteReader {
    package struct Options: Sendable {
        /// More inventories, beside those that the site names.
        package var inventories: [String] = []
        /// `name=value` pairs that win over every variable.
        package var variables = OrderedMap<Value>()
        /// In place of what the site's `secrets` says: a file with age identities.
        package var identityFile: String?
        /// Every host is this host: nothing is reached by ssh.
        package var isLocal = false

        package init() {}
    }

    /// - Throws: `SiteRefused` with all complaints; `ApusError` when the file itself cannot be read.
    package static func read(_ file: String, options: Options = Options()) throws -> LoadedSite {
        let bytes: [UInt8]
        do throws(ApusError) {
            bytes = try Files.read(file, limit: YAMLLimits().bytes + 1)
        } catch {
            guard error.code == "file-too-large" else { throw error }
            throw SiteRefused(complaints: [Complaint(file: file, position: .start, tooLarge)])
        }
        return try read(bytes, file: file, options: options)
    }

    private static var tooLarge: String {
        "a site has at most \(ByteCount(Int64(YAMLLimits().bytes)).humanReadable)"
    }

    static func read(_ bytes: [UInt8], file: String, options: Options) throws -> LoadedSite {
        let document = YAMLDocument(bytes, file: file)
        guard !document.isBroken else { throw SiteRefused(complaints: document.complaints) }
        let root = document.root ?? YAMLNode(.mapping(.empty), position: .start)
        let header = SettingsReader.decode(SiteSettings.self, root, file: file)
        var complaints = document.complaints + header.complaints
        guard let settings = header.group ?? rest(of: root, without: header.complaints, file: file) else {
            throw SiteRefused(complaints: complaints)
        }
        let redactor = Redactor()
        let identity = IdentitySource(settings.secrets, override: options.identityFile, folder: folder(of: file))
        let files = SiteFiles(redactor: redactor, secrets: SecretOpener(decrypt: identity.decrypt))
        let inventory = self.inventory(settings, file: file, options, files, &complaints)
        let variables = self.variables(settings, file: file, options, files, &complaints)
        var reader = PlayReader(tasks: TaskReader(files: files), file: file, folder: folder(of: file))
        let plays = reader.plays(settings)
        complaints += reader.tasks.complaints
        // With a wrong key at the top, what is missing may stand under it.
        if header.group != nil { complaints += ReferenceChecks.check(plays) }
        guard !complaints.contains(where: { $0.severity == .error }), let inventory else {
            throw SiteRefused(complaints: redactor.redacted(sorted(complaints)))
        }
        let digest = ContentDigest.of(Array((ContentDigest.of(bytes) + files.digest).utf8))
        let site = Site(
            file: file, inventory: inventory, variables: variables, plays: plays,
            connectTimeout: settings.connectTimeout, silenceTimeout: settings.silenceTimeout, redactor: redactor,
            digest: digest, warnings: redactor.redacted(complaints))
        return LoadedSite(site: site, files: files, overrides: options.variables)
    }

    /// What can be read of a site some of whose keys at the top are refused, so that all that is wrong in it is said at once.
    private static func rest(of root: YAMLNode, without complaints: [Complaint], file: String) -> SiteSettings? {
        guard let mapping = root.mapping else { return nil }
        let refused = Set(complaints.compactMap { $0.path.components.first })
        let kept = mapping.entries.filter { !refused.contains(.key($0.key)) }
        guard kept.count < mapping.entries.count else { return nil }
        let pairs = kept.map { (key: $0.key, keyPosition: $0.keyPosition, value: $0.value) }
        return SettingsReader.decode(
            SiteSettings.self, YAMLNode(.mapping(YAMLMapping(pairs)), position: root.position), file: file
        ).group
    }

    private static func inventory(
        _ settings: SiteSettings, file: String, _ options: Options, _ files: SiteFiles, _ complaints: inout [Complaint]
    ) -> Inventory? {
        var builder = InventoryBuilder()
        builder.opener = { node, file, complaints in files.opened(node, file, &complaints) }
        let folder = folder(of: file)
        for name in settings.inventory {
            InventoryFile.read(path: name.hasPrefix("/") || folder == "." ? name : "\(folder)/\(name)", into: &builder)
        }
        for name in options.inventories { InventoryFile.read(path: name, into: &builder) }
        SiteInventory.read(hosts: settings.hosts, groups: settings.groups, file: file, into: &builder)
        if options.isLocal { SiteInventory.addLocalHost(into: &builder) }
        let result = builder.build()
        complaints += result.complaints
        for host in result.inventory?.hosts ?? [] {
            if let password = host.connection.become?.password { files.redactor.add(password.reveal()) }
        }
        return result.inventory
    }

    private static func variables(
        _ settings: SiteSettings, file: String, _ options: Options, _ files: SiteFiles, _ complaints: inout [Complaint]
    ) -> OrderedMap<Value> {
        var variables = OrderedMap<Value>()
        func add(_ node: YAMLNode, _ file: String, _ path: SettingsPath) {
            guard case .map(let map) = Value(files.opened(node, file, &complaints)) else {
                if !node.isNull {
                    complaints.append(
                        Complaint(
                            file: file, position: node.position, path: path,
                            "found \(node.kindName), wanted a mapping of variables"))
                }
                return
            }
            variables.merge(map)
        }
        if let node = settings.vars { add(node, file, SettingsPath([.key("vars")])) }
        for (index, name) in settings.varsFiles.enumerated() {
            let place = SettingsPath([.key("varsFiles"), .index(index)])
            guard let path = files.find(name, in: [folder(of: file)]) else {
                complaints.append(Complaint(file: file, position: .start, path: place, "there is no file \(name)"))
                continue
            }
            do {
                let document = try files.document(path)
                complaints += document.complaints
                if let root = document.root { add(root, path, SettingsPath()) }
            } catch {
                complaints.append(Complaint(file: file, position: .start, path: place, error.message))
            }
        }
        return variables
    }

    static func folder(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "." }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }

    private static func sorted(_ complaints: [Complaint]) -> [Complaint] {
        complaints.sorted { ($0.file, $0.position) < ($1.file, $1.position) }
    }
}

/// A site with what is needed to bring it to hosts.
package struct LoadedSite: Sendable {
    package let site: Site
    let files: SiteFiles
    let overrides: OrderedMap<Value>
}

extension LoadedSite {
    /// A site of one host and nothing else: `user@host`, `user@host:port`, or this host.
    ///
    /// - Throws: `SiteRefused` for what is no address.
    package static func single(_ host: String, isLocal: Bool) throws -> LoadedSite {
        var options = SiteReader.Options()
        options.isLocal = isLocal
        guard !isLocal else { return try SiteReader.read([], file: "-", options: options) }
        var fields = OrderedMap<Value>()
        var address = host[...]
        if let at = address.lastIndex(of: "@") {
            fields.set("user", .string(String(address[..<at])))
            address = address[address.index(after: at)...]
        }
        if let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
            !address[..<colon].contains(":")
        {
            fields.set("port", .integer(port))
            address = address[..<colon]
        }
        fields.set("address", .string(String(address)))
        var hosts = OrderedMap<Value>()
        hosts.set(String(address), .map(fields))
        var root = OrderedMap<Value>()
        root.set("hosts", .map(hosts))
        return try SiteReader.read(Array(Value.map(root).json.utf8), file: "-", options: options)
    }
}
