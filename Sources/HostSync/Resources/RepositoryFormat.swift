import SSHTransport

/// Where each package manager has its sources and their keys, and what stands in the files.
enum RepositoryFormat: CaseIterable {
    case apt, yum, zypper, apk

    /// - Throws: `ResourceFault` where the host's manager has no such files.
    init(_ host: HostState) throws(ResourceFault) {
        switch PackageTable(host.lines(PackageManager.query)).manager {
        case .apt: self = .apt
        case .dnf, .yum: self = .yum
        case .zypper: self = .zypper
        case .apk: self = .apk
        case .pacman: throw ResourceFault("pacman's repositories are edited in /etc/pacman.conf: use file or line")
        case nil: throw ResourceFault("there is no package manager that is known: apt, dnf, yum, zypper or apk")
        }
    }

    static func isKey(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    // MARK: Places

    func file(_ declared: RepositoryResource) -> String { files(declared)[0] }

    /// Every place where a file of the name may be, the one to be written first.
    func files(_ declared: RepositoryResource) -> [String] {
        let name = declared.name
        switch self {
        case .apt:
            let folder = "/etc/apt/sources.list.d"
            let both = ["\(folder)/\(name).sources", "\(folder)/\(name).list"]
            return declared.oneLine ? both.reversed() : both
        case .yum: return ["/etc/yum.repos.d/\(name).repo"]
        case .zypper: return ["/etc/zypp/repos.d/\(name).repo"]
        case .apk: return ["/etc/apk/repositories"]
        }
    }

    func keys(_ declared: RepositoryResource) -> [String] {
        switch self {
        case .apt: ["asc", "gpg"].map { "/etc/apt/keyrings/\(declared.name).\($0)" }
        case .yum, .zypper: ["/etc/pki/rpm-gpg/RPM-GPG-KEY-\(declared.name)"]
        case .apk: declared.keyName.map { ["/etc/apk/keys/\($0)"] } ?? []
        }
    }

    /// apt goes by the ending: `.asc` is armoured text.
    func key(_ declared: RepositoryResource) -> String? {
        guard declared.keyContent != nil else { return nil }
        if self == .apt, declared.keySource.map({ !$0.hasSuffix(".asc") && !$0.hasSuffix(".txt") }) ?? false {
            return keys(declared)[1]
        }
        return keys(declared).first
    }

    /// - Throws: `ResourceFault` for what this manager needs and is not declared, or has and cannot use.
    func check(_ declared: RepositoryResource) throws(ResourceFault) {
        if self == .apt, declared.suites.isEmpty { throw ResourceFault("apt needs suites, such as bookworm or ./") }
        if self == .apk, declared.keyContent != nil, declared.keyName == nil {
            throw ResourceFault("apk finds a key by its file's name: give keyName")
        }
        if self == .apk, declared.url.count != 1 { throw ResourceFault("apk has one url for each line") }
    }

    // MARK: Texts

    func text(_ declared: RepositoryResource, old: [UInt8]?) -> String {
        switch self {
        case .apt where declared.oneLine: oneLine(declared)
        case .apt: deb822(declared)
        case .yum, .zypper: ini(declared)
        case .apk: lines(declared, old: String(decoding: old ?? [], as: UTF8.self))
        }
    }

    private func deb822(_ declared: RepositoryResource) -> String {
        var fields = [
            ("Types", declared.types), ("URIs", declared.url), ("Suites", declared.suites),
            ("Components", declared.components), ("Architectures", declared.architectures),
        ]
        if let key = key(declared) { fields.append(("Signed-By", [key])) }
        if declared.trusted { fields.append(("Trusted", ["yes"])) }
        fields += declared.options.map { ($0.key, [$0.value]) }
        return fields.filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: " "))\n" }.joined()
    }

    private func oneLine(_ declared: RepositoryResource) -> String {
        var options: [String] = []
        if !declared.architectures.isEmpty { options.append("arch=\(declared.architectures.joined(separator: ","))") }
        if let key = key(declared) { options.append("signed-by=\(key)") }
        if declared.trusted { options.append("trusted=yes") }
        options += declared.options.map { "\($0.key)=\($0.value)" }
        let bracket = options.isEmpty ? "" : "[\(options.joined(separator: " "))] "
        let tail = declared.components.map { " \($0)" }.joined()
        var text = ""
        for type in declared.types {
            for url in declared.url {
                for suite in declared.suites { text += "\(type) \(bracket)\(url) \(suite)\(tail)\n" }
            }
        }
        return text
    }

    private func ini(_ declared: RepositoryResource) -> String {
        var fields = [
            ("name", declared.description ?? declared.name), ("baseurl", declared.url.joined(separator: " ")),
            ("enabled", "1"), ("gpgcheck", declared.trusted ? "0" : "1"),
        ]
        if self == .zypper { fields.append(("autorefresh", "1")) }
        if let key = key(declared) { fields.append(("gpgkey", "file://\(key)")) }
        for (key, value) in declared.options {
            fields.removeAll { $0.0 == key }
            fields.append((key, value))
        }
        return "[\(declared.name)]\n" + fields.map { "\($0.0)=\($0.1)\n" }.joined()
    }

    /// The file with our line, or without it; the other lines stay as they are.
    private func lines(_ declared: RepositoryResource, old: String) -> String {
        guard let line = declared.url.first else { return old }
        let has = old.split(separator: "\n").contains { $0.trimming == line[...] }
        if declared.state == .absent {
            guard has else { return old }
            return old.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { $0.trimming != line[...] }.joined(separator: "\n")
        }
        return has ? old : old + (old.isEmpty || old.hasSuffix("\n") ? "" : "\n") + line + "\n"
    }

    // MARK: Lists

    /// Fetches the lists by a copy of the new file. dnf, yum and zypper fetch them when they need them.
    func refresh(_ declared: RepositoryResource, _ text: [UInt8], _ steps: inout StepScript) {
        let copy = steps.unpacked(.bytes(text))
        switch self {
        case .apt:
            // The file's ending tells apt its format.
            let name = "\"$S/repository.\(declared.oneLine ? "list" : "sources")\""
            steps.text("cp \(copy) \(name)")
            steps.text(
                "apt-get -q -y -o DPkg::Lock::Timeout=120 -o APT::Update::Error-Mode=any -o Dir::Etc::sourcelist=\(name) "
                    + "-o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 update")
            steps.text("rm -f \(name)")
        case .apk: steps.text("apk -q update --repositories-file \(copy)")
        case .yum, .zypper: return
        }
    }
}

extension Substring {
    fileprivate var trimming: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return text
    }
}
