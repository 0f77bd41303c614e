import SSHTransport
package import Settings

/// `certificate`: an authority that every program of the host is to trust.
///
/// The bundle is made anew when an anchor changes, and also when the folder of anchors is younger than the bundle: a
/// run that was cut off between the two is mended by the next.
package struct CertificateResource: Resource {
    package static let keyword = "certificate"
    package static let summary = "A certificate authority in the host's trust store."

    package var name = ""
    package var content: String?
    package var source: String?
    package var state = DeclaredState.present
    package var wanted: Content?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .plainName, "The name of its file, without .crt.", required: true),
            SettingsField("content", \.content, .nonEmptyString, "The certificate as PEM text."),
            SettingsField("source", \.source, .nonEmptyString, "A local file with the certificate in PEM."),
            DeclaredState.field(\.state, "absent removes it from the trust store."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        let given = [content != nil, source != nil].count { $0 }
        if state == .present, given != 1 { complaints.error(at: "", "give one of content and source") }
        if let content, !content.contains("-----BEGIN CERTIFICATE-----") {
            complaints.error(at: \Self.content, "must be a certificate in PEM")
        }
    }

    package var label: String { name }

    package mutating func load(_ loader: any ContentLoader) throws(ResourceFault) {
        if let content { wanted = .bytes(Array((content.hasSuffix("\n") ? content : content + "\n").utf8)) }
        if let source { wanted = try loader.file(source) }
    }

    /// Where a kind of system has its anchors, and how it makes the bundle.
    private enum Store: String, CaseIterable {
        case redhat, arch, suse, debian

        var folder: String {
            switch self {
            case .redhat: "/etc/pki/ca-trust/source/anchors"
            case .arch: "/etc/ca-certificates/trust-source/anchors"
            case .suse: "/etc/pki/trust/anchors"
            case .debian: "/usr/local/share/ca-certificates"
            }
        }

        var bundle: String {
            switch self {
            case .redhat, .arch: "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
            case .suse: "/var/lib/ca-certificates/ca-bundle.pem"
            case .debian: "/etc/ssl/certs/ca-certificates.crt"
            }
        }

        var command: String {
            switch self {
            case .redhat, .arch: "update-ca-trust"
            case .suse, .debian: "update-ca-certificates"
            }
        }
    }

    /// Prints which store it is, and whether its bundle is older than its anchors.
    private static let query = Query("trustStore") { _ in
        let cases = Store.allCases.map { store in
            """
            if command -v \(store.command) >/dev/null 2>&1 && { [ -d \(store.folder) ] || [ \(store.rawValue) = debian ]; }; then
            echo \(store.rawValue)
            if [ \(store.folder) -nt \(store.bundle) ]; then echo stale; fi
            """
        }
        return cases.joined(separator: "\nel") + "\nfi"
    }

    package func probe(_ request: inout ProbeRequest) {
        request.ask(Self.query, "")
        for store in Store.allCases {
            request.path(store.folder)
            request.digest("\(store.folder)/\(name).crt")
        }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        let lines = host.lines(Self.query)
        guard let store = lines.first.flatMap({ Store(rawValue: String($0)) }) else {
            if host.changesBefore { return .deferred("the trust store may come with an earlier change") }
            throw ResourceFault(
                "there is no update-ca-certificates and no update-ca-trust: install ca-certificates first")
        }
        let path = HostPath("\(store.folder)/\(name).crt")
        let status = try host.status(path.text)
        let digest = state == .present ? wanted.map(ContentDigest.of) : nil
        var comparison = Comparison()
        if status?.digest != digest {
            comparison.differ("certificate", from: status?.digest, to: digest)
        } else if lines.contains("stale") {
            comparison.differ("trust store", from: "older than its anchors", to: "made anew")
        }
        guard !comparison.differences.isEmpty else { return comparison }
        try FolderSafety.check(path.folder, host)
        if let wanted, status?.digest != digest {
            if try host.status(path.folder) == nil {
                comparison.steps.text(PathFunctions.text)
                comparison.steps.run("apus_folder", path.folder)
            }
            FileWriter(path: path, existing: status, ownership: Ownership(mode: 0o644)).write(wanted, &comparison.steps)
        } else if status != nil, digest == nil {
            comparison.steps.text(PathFunctions.text)
            comparison.steps.run("apus_gone", path.text)
        }
        let command = "\(store.command) >/dev/null"
        // Links to what is gone go only when Debian looks at all of them anew.
        let isRemoved = store == .debian && digest == nil
        comparison.steps.text(isRemoved ? "\(store.command) --fresh >/dev/null || \(command)" : command)
        comparison.steps.text("if [ -e \(store.bundle) ]; then touch \(store.bundle); fi")
        host.willWrite(path.text, digest.map { PathStatus(kind: .file, mode: 0o644, digest: $0) })
        return comparison
    }
}
