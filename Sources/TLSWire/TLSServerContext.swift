package import Base
import NIOSSL

/// The certificates of a TLS port and how they are chosen, loaded once and shared by all workers. A reload loads a new
/// context and swaps it: sessions keep the one that they began with.
package final class TLSServerContext: Sendable {
    /// A certificate as it was loaded.
    package struct Certificate: Sendable {
        /// Path of the chain.
        package let file: String
        package let summary: CertificateSummary
        /// Names that choose this certificate: those of the settings, or else those in it. `*.example.org` stands for
        /// one label.
        package let names: [String]
        let context: NIOSSLContext
    }

    /// The first is the default: for clients that ask for no name or for one that no certificate has.
    package let certificates: [Certificate]
    private let table: ServerNameTable

    init(certificates: [Certificate]) {
        self.certificates = certificates
        table = ServerNameTable(certificates.map(\.names))
    }

    /// The earliest end of validity among the certificates.
    package var expiry: WallInstant? { certificates.map(\.summary.notAfter).min() }

    /// Index of the certificate for `serverName`.
    func index(for serverName: String?) -> Int { serverName.flatMap { table.index(for: $0) } ?? 0 }

    /// True when a certificate has `serverName`, exactly or by a wildcard.
    package func knows(_ serverName: String) -> Bool { table.index(for: serverName) != nil }
}

/// Which certificate has a name: exact names first, then the wildcard of the name's parent (RFC 9525 section 6.3: one
/// whole label). The first certificate with a name wins.
struct ServerNameTable: Sendable {
    private var exact: [String: Int] = [:]
    /// By the part after `*.`.
    private var wildcard: [String: Int] = [:]

    init(_ names: [[String]]) {
        for (index, list) in names.enumerated() {
            for name in list.map({ ServerNameTable.normalized($0) }) {
                if name.hasPrefix("*.") {
                    wildcard[String(name.dropFirst(2)), default: index] = wildcard[String(name.dropFirst(2))] ?? index
                } else {
                    exact[name] = exact[name] ?? index
                }
            }
        }
    }

    func index(for name: String) -> Int? {
        let name = ServerNameTable.normalized(name)
        if let index = exact[name] { return index }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return nil }
        return wildcard[String(name[name.index(after: dot)...])]
    }

    private static func normalized(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
