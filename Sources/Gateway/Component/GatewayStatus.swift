import Base
import Daemon
import Resilience
import TLSWire

/// The gateway as the console shows it: a bar for each server with its state, why and since when; breakers that do not let
/// all through; rates; certificates.
struct GatewayStatus {
    let plan: GatewayPlan
    let telemetry: GatewayTelemetry
    let now: MonotonicInstant
    let wallNow: WallInstant

    var status: ComponentStatus {
        let bars = plan.groups.sorted { $0.name < $1.name }.flatMap(self.bars)
        let down = bars.count { $0.level == .critical }
        let open = telemetry.breakers.all.filter { $0.snapshot(now: now).state == .open }
        var reasons: [String] = []
        if down > 0 { reasons.append("\(down) of \(bars.count) servers are not used") }
        if !open.isEmpty { reasons.append("circuit open: \(open.map(\.name).joined(separator: ", "))") }
        return ComponentStatus(
            reasons.isEmpty ? .running : .degraded, reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "),
            figures: figures, bars: bars)
    }

    private var figures: [ComponentStatus.Figure] {
        let rates = telemetry.rates
        var figures = [
            ComponentStatus.Figure("requests/s", GatewayStatus.short(rates.requestsPerSecond)),
            ComponentStatus.Figure("5xx", GatewayStatus.short(rates.failureShare * 100) + " %"),
            ComponentStatus.Figure(
                "p50 / p99", "\(GatewayStatus.milliseconds(rates.p50)) / \(GatewayStatus.milliseconds(rates.p99))"),
            ComponentStatus.Figure(
                "connections", "\(rates.active) active, \(rates.parked) parked, \(rates.upgraded) upgraded"),
        ]
        for breaker in telemetry.breakers.all {
            let snapshot = breaker.snapshot(now: now)
            guard snapshot.state != .closed else { continue }
            let age = GatewayStatus.age(snapshot.since.duration(to: now))
            figures.append(ComponentStatus.Figure("breaker \(breaker.name)", "\(snapshot.state.rawValue) for \(age)"))
        }
        for certificate in plan.listeners.compactMap(\.tls).flatMap(\.certificates) {
            let days = Int((certificate.summary.notAfter.secondsSince1970 - wallNow.secondsSince1970) / 86_400)
            figures.append(
                ComponentStatus.Figure(
                    "certificate \(certificate.names.first ?? certificate.file)", "\(days) days left"))
        }
        return figures
    }

    private func bars(_ group: UpstreamGroup) -> [ComponentStatus.Bar] {
        let hosts = group.hosts
        let total = max(1, (0..<hosts.hosts.count).reduce(0) { $0 + hosts.board.active($1) })
        return hosts.hosts.enumerated().map { index, host in
            let (text, level) = state(of: host, hosts.board.marks(index))
            let active = hosts.board.active(index)
            return ComponentStatus.Bar(
                "\(group.name) \(host.name)", ratio: Double(active) / Double(total),
                text: "\(text) · \(pace(of: host)) · \(active) under way · \(host.connectionCount) connections",
                level: level)
        }
    }

    private func state(
        of host: UpstreamHost, _ marks: HostBoard.Marks
    ) -> (String, ComponentStatus.Bar.Level) {
        let health = host.lastHealth
        let age = health.since.map { " for \(GatewayStatus.age($0.duration(to: now)))" } ?? ""
        if marks.contains(.unhealthy) { return ("unhealthy\(age): \(health.reason)", .critical) }
        if marks.contains(.ejected) {
            let ejection = host.lastEjection
            let since = ejection.since.map { " for \(GatewayStatus.age($0.duration(to: now)))" } ?? ""
            return ("ejected\(since): \(ejection.reason)", .critical)
        }
        if let breaker = host.breaker?.snapshot(now: now), breaker.state == .open {
            return ("circuit open for \(GatewayStatus.age(breaker.since.duration(to: now)))", .critical)
        }
        return (health.since == nil ? "in use" : "healthy\(age)", .ok)
    }

    private func pace(of host: UpstreamHost) -> String {
        let reading = host.pace.reading
        let rate = "\(GatewayStatus.short(reading.perSecond))/s"
        return reading.meanSeconds.map { "\(rate), \(GatewayStatus.milliseconds($0))" } ?? rate
    }

    static func short(_ value: Double) -> String {
        value >= 100 ? "\(Int(value.rounded()))" : "\((value * 10).rounded() / 10)"
    }

    static func milliseconds(_ seconds: Double?) -> String {
        seconds.map { "\(short($0 * 1000)) ms" } ?? "–"
    }

    static func age(_ duration: Duration) -> String {
        let seconds = Int(max(0, duration.inSeconds))
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min" }
        return seconds < 86_400 ? "\(seconds / 3600) h" : "\(seconds / 86_400) days"
    }
}
