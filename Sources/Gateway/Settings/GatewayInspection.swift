import Base
package import Daemon
import Glibc
import Settings
import TLSWire

/// Looks at the files that the settings name, for `apus check` and before a start: a page that does not read is better
/// said at noon than found in the degraded mode.
package enum GatewayInspection {
    /// Static pages are held in memory.
    package static let largestPage = 8 << 20
    /// Of a certificate's chain, a key or a bundle of authorities.
    private static let largestPEM = 8 << 20

    private struct NamedFile {
        let key: String
        let path: String
        let kind: Kind
    }

    private enum Kind {
        case page
        case pem(String)
    }

    /// Everything wrong with the files of `settings`; nothing is changed.
    package static func doubts(of settings: GatewaySettings) -> [SettingDoubt] {
        let ofFiles = files(of: settings).flatMap(doubts)
        // What does not read by itself does not fit together either.
        let together = ofFiles.contains { $0.severity == .error } ? [] : pairDoubts(of: settings)
        return ofFiles + together + breakersOfOneName(in: settings)
    }

    /// Certificates and keys of listeners that do not belong together.
    private static func pairDoubts(of settings: GatewaySettings) -> [SettingDoubt] {
        settings.listen.enumerated().compactMap { index, listen in
            guard let tls = listen.tls else { return nil }
            do throws(ApusError) {
                _ = try TLSServerContext.load(tls.context(http2: listen.http2.enabled))
                return nil
            } catch {
                return SettingDoubt(.error, key: "listen[\(index)].tls", error.message)
            }
        }
    }

    /// Circuit breakers with settings of their own go by the name of their route or upstream, and what has one name is one
    /// breaker.
    private static func breakersOfOneName(in settings: GatewaySettings) -> [SettingDoubt] {
        var places: [String: String] = [:]
        for (name, upstream) in settings.upstreams {
            if let breaker = upstream.circuitBreaker, breaker.name == nil { places[name] = "upstreams.\(name)" }
        }
        var found: [SettingDoubt] = []
        for (index, route) in settings.routes.enumerated() {
            guard let breaker = route.circuitBreaker, breaker.name == nil else { continue }
            let name = route.name ?? route.match.label
            guard let other = places.updateValue("routes[\(index)]", forKey: name) else { continue }
            found.append(
                SettingDoubt(
                    .error, key: "routes[\(index)].circuitBreaker",
                    "would be that of \(other): both have the name '\(name)'; give the route another by name"))
        }
        return found
    }

    private static func doubts(about file: NamedFile) -> [SettingDoubt] {
        do throws(ApusError) {
            switch file.kind {
            case .page:
                _ = try Files.read(file.path, limit: largestPage)
                return []
            case .pem(let label):
                let text = try Files.read(file.path, limit: largestPEM)
                let isRight = String(decoding: text, as: UTF8.self).contains(label)
                var found =
                    isRight
                    ? [] : [SettingDoubt(.error, key: file.key, "\(file.path) holds no \(label) in PEM form")]
                if label == pemKey, let doubt = permissionDoubt(file) { found.append(doubt) }
                return found
            }
        } catch {
            return [SettingDoubt(.error, key: file.key, error.message)]
        }
    }

    private static let pemCertificate = "BEGIN CERTIFICATE"
    private static let pemKey = "PRIVATE KEY"

    private static func permissionDoubt(_ file: NamedFile) -> SettingDoubt? {
        var status = stat()
        guard stat(file.path, &status) == 0, status.st_mode & (S_IROTH | S_IWOTH) != 0 else { return nil }
        return SettingDoubt(.warning, key: file.key, "\(file.path) is open to everybody: chmod o=")
    }

    private static func files(of settings: GatewaySettings) -> [NamedFile] {
        settings.listen.enumerated().flatMap { files(of: $1.tls, at: "listen[\($0)].tls") }
            + settings.routes.enumerated().flatMap { files(of: $1, at: "routes[\($0)]") }
            + settings.upstreams.flatMap { files(of: $0.value.tls, at: "upstreams.\($0.key).tls") }
    }

    private static func files(of tls: ListenerTLSSettings?, at place: String) -> [NamedFile] {
        guard let tls else { return [] }
        let own = tls.certificates.enumerated().flatMap { index, pair in
            [
                NamedFile(
                    key: "\(place).certificates[\(index)].certificate", path: pair.certificate,
                    kind: .pem(pemCertificate)),
                NamedFile(key: "\(place).certificates[\(index)].key", path: pair.key, kind: .pem(pemKey)),
            ]
        }
        let authorities = tls.clientCertificates?.authorities ?? []
        return own + pemFiles(authorities, at: "\(place).clientCertificates.authorities")
    }

    private static func files(of tls: UpstreamTLSSettings?, at place: String) -> [NamedFile] {
        guard let tls else { return [] }
        var found = pemFiles(tls.authorities, at: "\(place).authorities")
        if let path = tls.certificate {
            found.append(NamedFile(key: "\(place).certificate", path: path, kind: .pem(pemCertificate)))
        }
        if let path = tls.key { found.append(NamedFile(key: "\(place).key", path: path, kind: .pem(pemKey))) }
        return found
    }

    private static func pemFiles(_ paths: [String], at place: String) -> [NamedFile] {
        paths.enumerated().map { NamedFile(key: "\(place)[\($0)]", path: $1, kind: .pem(pemCertificate)) }
    }

    private static func files(of route: RouteSettings, at place: String) -> [NamedFile] {
        var found: [NamedFile] = []
        if let path = route.respond?.file {
            found.append(NamedFile(key: "\(place).respond.static", path: path, kind: .page))
        }
        if let path = route.rateLimit?.degraded?.file {
            found.append(NamedFile(key: "\(place).rateLimit.degraded.static", path: path, kind: .page))
        }
        for (index, item) in route.fallback.enumerated() {
            guard let path = item.file else { continue }
            found.append(NamedFile(key: "\(place).fallback[\(index)].static", path: path, kind: .page))
        }
        return found
    }
}
