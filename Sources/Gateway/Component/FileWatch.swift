import Base
import Daemon
import Logging
import Settings
import TLSWire
import Telemetry

/// Looks about once a second whether certificates and pages have changed on disk, and takes them over. A certificate that
/// does not read is told once, and the one before stays.
struct FileWatch {
    private var marks: [String: FileMark?] = [:]
    /// Of this look: a file may have several users.
    private var seen: [String: FileMark?] = [:]
    private var told: Set<String> = []

    /// What is served now: a change between a start and the first look counts, too.
    mutating func remember(_ plan: GatewayPlan) {
        let served = plan.settings.listen.compactMap(\.tls).flatMap(FileWatch.files)
        let used = plan.settings.upstreams.values.compactMap(\.tls).flatMap(\.files)
        for file in served + used where marks[file] == nil { marks[file] = .some(FileMark(file)) }
    }

    private static func files(of tls: ListenerTLSSettings) -> [String] {
        tls.certificates.flatMap { [$0.certificate, $0.key] } + (tls.clientCertificates?.authorities ?? [])
    }

    mutating func look(_ plan: GatewayPlan, events: EventSink) {
        for route in plan.routes { for page in route.pages { page.refresh() } }
        for (listener, settings) in zip(plan.listeners, plan.settings.listen) {
            guard let tls = settings.tls else { continue }
            renew(listener.address.description, files: FileWatch.files(of: tls), events) { () throws(ApusError) in
                listener.replace(tls: try TLSServerContext.load(tls.context(http2: settings.http2.enabled)))
            }
        }
        for group in plan.groups {
            guard let tls = group.settings.tls else { continue }
            renew("upstream \(group.name)", files: tls.files, events) { () throws(ApusError) in
                group.replace(tls: try TLSClientContext.load(tls.context(group.settings.protocolChoice)))
            }
        }
        for (file, mark) in seen { marks[file] = .some(mark) }
        seen = [:]
    }

    private mutating func renew(
        _ name: String, files: [String], _ events: EventSink, _ load: () throws(ApusError) -> Void
    ) {
        var hasChanged = false
        for file in files {
            let mark = FileMark(file)
            if let known = marks[file], known != mark { hasChanged = true }
            seen[file] = .some(mark)
        }
        guard hasChanged || told.contains(name) else { return }
        do throws(ApusError) {
            try load()
            told.remove(name)
            CertificatesReloaded(owner: name).emit(to: events)
        } catch {
            // Files are often replaced one after the other: certificate and key fit together a moment later.
            guard told.insert(name).inserted else { return }
            CertificatesUnreadable(owner: name, reason: error.message).emit(to: events)
        }
    }
}

extension UpstreamTLSSettings {
    /// All that TLS with the upstream is made of.
    var files: [String] { authorities + [certificate, key].compactMap { $0 } }

    func context(_ choice: UpstreamSettings.ProtocolChoice) -> TLSClientSettings {
        var wanted = TLSClientSettings()
        wanted.verifies = verify
        wanted.authorities = authorities
        if let certificate, let key {
            wanted.certificate = TLSServerSettings.Certificate(chain: certificate, key: key)
        }
        wanted.protocols = choice == .http1 ? [.http1] : choice == .http2 ? [.http2] : [.http2, .http1]
        return wanted
    }
}

extension ListenerTLSSettings {
    /// What TLSWire is to be given.
    func context(http2: Bool) -> TLSServerSettings {
        var wanted = TLSServerSettings(
            certificates: certificates.map {
                TLSServerSettings.Certificate(chain: $0.certificate, key: $0.key, names: $0.names.map(\.text))
            })
        wanted.protocols = alpn.compactMap { $0 == .http2 ? (http2 ? .http2 : nil) : .http1 }
        wanted.minimumVersion = minimumVersion == .tls13 ? .tls13 : .tls12
        if let clients = clientCertificates {
            wanted.clientCertificates = clients.mode == .required ? .required : .optional
            wanted.clientAuthorities = clients.authorities
        }
        return wanted
    }
}

struct CertificatesReloaded: Event {
    static let message = "gateway certificates reloaded"
    let owner: String
    var fields: Logger.Metadata { ["of": "\(owner)"] }
}

struct CertificatesUnreadable: Event {
    static let message = "gateway certificates changed and do not read; the former ones stay"
    let owner: String
    let reason: String
    var level: Logger.Level { .error }
    var fields: Logger.Metadata { ["of": "\(owner)", "reason": "\(reason)"] }
}

struct CertificateExpires: Event {
    static let message = "gateway certificate expires soon"
    let name: String
    let days: Int
    var level: Logger.Level { .warning }
    var fields: Logger.Metadata { ["certificate": "\(name)", "days": .stringConvertible(days)] }
}
