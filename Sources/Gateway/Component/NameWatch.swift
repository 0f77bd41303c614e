import Base
import Reactor
import Resilience
import Settings

/// Looks names of hosts up again, each group on its own thread while it asks, and gives the group the list that came. A
/// lookup that fails changes nothing.
actor NameWatch {
    private var next: [String: MonotonicInstant] = [:]
    private var asking: Set<String> = []

    func look(_ plan: GatewayPlan, instances: Resilience4jBreakers, telemetry: GatewayTelemetry, now: MonotonicInstant)
    {
        for group in plan.groups where group.settings.hasNames && !asking.contains(group.name) {
            let due = next[group.name] ?? now.advanced(by: group.settings.dns.refresh)
            next[group.name] = due
            guard now >= due else { continue }
            asking.insert(group.name)
            ask(group, instances, telemetry, now)
        }
    }

    private func ask(
        _ group: UpstreamGroup, _ instances: Resilience4jBreakers, _ telemetry: GatewayTelemetry,
        _ now: MonotonicInstant
    ) {
        let resolver = HostResolver(
            group: group.name, settings: group.settings, instances: instances, telemetry: telemetry, now: now)
        let thread = try? WorkerThread(name: "gateway-names") {
            let kept = group.hosts
            if let hosts = try? resolver.resolve(keeping: kept), hosts.differs(from: kept) {
                group.replace(hosts: hosts)
            }
            Task { await self.answered(group, now: SystemTime().now()) }
        }
        if thread == nil { asking.remove(group.name) }
        thread?.detach()
    }

    private func answered(_ group: UpstreamGroup, now: MonotonicInstant) {
        asking.remove(group.name)
        next[group.name] = now.advanced(by: group.settings.dns.refresh)
    }
}

extension HostSet {
    func differs(from other: HostSet) -> Bool {
        hosts.count != other.hosts.count || zip(hosts, other.hosts).contains { $0 !== $1 }
    }
}

extension UpstreamSettings {
    /// Whether there is anything to look up.
    fileprivate var hasNames: Bool {
        hosts.contains { host in
            guard case .tcp(let name, _) = host.address else { return false }
            return !name.utf8.contains(UInt8(ascii: ":"))
                && name.utf8.contains { !(0x30...0x39).contains($0) && $0 != 0x2E }
        }
    }
}
