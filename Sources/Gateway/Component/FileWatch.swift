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
    private var told: Set<String> = []

    /// What is served now: a change between a start and the first look counts, too.
    mutating func remember(_ plan: GatewayPlan) {
        for tls in plan.settings.listen.compactMap(\.tls) {
            for file in FileWatch.files(of: tls) where marks[file] == nil { marks[file] = .some(FileMark(file)) }
        }
    }

    private static func files(of tls: ListenerTLSSettings) -> [String] {
        tls.certificates.flatMap { [$0.certificate, $0.key] } + (tls.clientCertificates?.authorities ?? [])
    }

    mutating func look(_ plan: GatewayPlan, events: EventSink) {
        for route in plan.routes { for page in route.pages { page.refresh() } }
        for (listener, settings) in zip(plan.listeners, plan.settings.listen) {
            guard let tls = settings.tls else { continue }
            lookAtCertificates(listener, tls, http2: settings.http2.enabled, events: events)
        }
    }

    private mutating func lookAtCertificates(
        _ listener: ListenerRuntime, _ tls: ListenerTLSSettings, http2: Bool, events: EventSink
    ) {
        var hasChanged = false
        for file in FileWatch.files(of: tls) {
            let mark = FileMark(file)
            if let known = marks[file], known != mark { hasChanged = true }
            marks[file] = .some(mark)
        }
        let name = listener.address.description
        guard hasChanged || told.contains(name) else { return }
        do throws(ApusError) {
            listener.replace(tls: try TLSServerContext.load(tls.context(http2: http2)))
            told.remove(name)
            CertificatesReloaded(listener: name).emit(to: events)
        } catch {
            // Files are often replaced one after the other: certificate and key fit together a moment later.
            guard told.insert(name).inserted else { return }
            CertificatesUnreadable(listener: name, reason: error.message).emit(to: events)
        }
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
            wanted.clientAuthorities = clients.authorities.first
        }
        return wanted
    }
}

struct CertificatesReloaded: Event {
    static let message = "gateway certificates reloaded"
    let listener: String
    var fields: Logger.Metadata { ["listener": "\(listener)"] }
}

struct CertificatesUnreadable: Event {
    static let message = "gateway certificates changed and do not read; the former ones stay"
    let listener: String
    let reason: String
    var level: Logger.Level { .error }
    var fields: Logger.Metadata { ["listener": "\(listener)", "reason": "\(reason)"] }
}

struct CertificateExpires: Event {
    static let message = "gateway certificate expires soon"
    let name: String
    let days: Int
    var level: Logger.Level { .warning }
    var fields: Logger.Metadata { ["certificate": "\(name)", "days": .stringConvertible(days)] }
}
