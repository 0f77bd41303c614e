import SSHTransport
package import Settings

/// `download`: a file that the host itself fetches, known by its checksum. It is checked before it takes its place.
package struct DownloadResource: Resource {
    package static let keyword = "download"
    package static let summary = "A file that the host fetches from an address."

    package var url = ""
    package var checksum: String?
    package var insecureNoChecksum = false
    package var path = ""
    package var headers = OrderedMap<String>()
    package var mode: UInt32?
    package var owner: String?
    package var group: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("url", \.url, .remoteURL, "Where it is fetched from, by curl or wget.", required: true),
            SettingsField("checksum", \.checksum, .checksum, "What it must be: sha256: and 64 digits."),
            SettingsField(
                "insecureNoChecksum", \.insecureNoChecksum, .bool,
                "Take what comes. Fetched once: what is there is never compared."),
            SettingsField("path", \.path, .hostPath, "Where it stands on the host.", required: true),
            SettingsField(
                "headers", \.headers, .map(of: .anyText),
                "Headers of the request; they stand on no command line and in no plan."),
            Ownership.modeField(\.mode), Ownership.ownerField(\.owner), Ownership.groupField(\.group),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if (checksum == nil) != insecureNoChecksum {
            complaints.error(at: \Self.checksum, "must be given, or insecureNoChecksum: true without it")
        }
        for header in headers where !RemoteAddress.isHeader(header.key, header.value) {
            complaints.error(at: \Self.headers, "must be names of letters, digits and -, and values of one line")
        }
    }

    package var label: String { path }
    private var ownership: Ownership { Ownership(mode: mode, owner: owner, group: group) }

    package func probe(_ request: inout ProbeRequest) {
        request.path(HostPath(path).folder)
        request.digest(path)
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        let status = try host.status(path)
        if let status, status.kind != .file {
            throw ResourceFault("\(path) is \(status.kind.name), not a file: declare it absent first")
        }
        try FolderSafety.check(HostPath(path).folder, host)
        let digest = checksum.map { RemoteAddress.digest($0) }
        let fetches = status == nil || digest != nil && status?.digest != digest
        var comparison = Comparison()
        if fetches { comparison.differ("content", from: status?.digest, to: digest ?? RemoteAddress.shown(url)) }
        comparison.differences += ownership.differences(from: status)
        guard !comparison.differences.isEmpty else { return comparison }
        if fetches {
            let target = "\"$S/download\""
            RemoteAddress.fetch(url, headers: headers, into: target, &comparison.steps)
            if let digest { RemoteAddress.verify(target, digest, &comparison.steps) }
            put(target, status, &comparison.steps)
        } else if let status {
            ownership.mend(path, status, &comparison.steps)
        }
        host.willWrite(
            path,
            ownership.applied(
                to: PathStatus(kind: .file, mode: status?.mode ?? 0o644, digest: digest ?? status?.digest)))
        return comparison
    }

    private func put(_ target: String, _ status: PathStatus?, _ steps: inout StepScript) {
        let place = HostPath(path)
        let mode = status == nil ? PathStatus.octal(self.mode ?? 0o644) : self.mode.map { PathStatus.octal($0) } ?? "-"
        let words = ShellText.quoted([place.folder, place.name, mode, owner ?? "-", group ?? "-", "any"])
        steps.text("apus_put \(words) \(target)")
        steps.text("rm -f \(target)")
    }
}
