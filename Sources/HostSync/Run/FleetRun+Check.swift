import Settings

extension FleetRun {
    package struct CheckSummary: Sendable {
        package let hosts: Int
        package let resources: Int
    }

    /// Renders and reads everything for every host, as far as it goes without asking them.
    ///
    /// - Throws: `SiteRefused` with the complaints of all hosts, each once; `ApusError` `no-hosts`.
    package func check() throws -> CheckSummary {
        var complaints: [Complaint] = []
        var known: Set<Complaint> = []
        var hosts: Set<String> = []
        var resources = 0
        for stage in try stages() {
            for host in stage.hosts {
                hosts.insert(host.name)
                var expansion = HostExpansion(host: host, site: site, facts: nil, tags: options.tags)
                do throws(SiteRefused) {
                    resources += try expansion.expand(stage.play).tasks.count
                } catch {
                    complaints += error.complaints.filter { known.insert($0).inserted }
                }
            }
        }
        guard complaints.isEmpty else { throw SiteRefused(complaints: site.site.redactor.redacted(complaints)) }
        return CheckSummary(hosts: hosts.count, resources: resources)
    }
}
