package import Base
import NIOSSL

/// How we call TLS servers, loaded once and shared by all workers.
package final class TLSClientContext: Sendable {
    let context: NIOSSLContext
    package let verifies: Bool
    /// The certificate that we show to servers which ask for one.
    package let certificate: CertificateSummary?

    private init(context: NIOSSLContext, verifies: Bool, certificate: CertificateSummary?) {
        self.context = context
        self.verifies = verifies
        self.certificate = certificate
    }

    /// Reads and checks all files. It blocks on the disk: not for a worker's thread. With the system's authorities a
    /// context takes some megabytes: share it among upstreams with the same settings.
    ///
    /// - Throws: `ApusError` of kind `.declaration`, code `tls-file`, whose message names the file at fault.
    package static func load(_ settings: TLSClientSettings) throws(ApusError) -> TLSClientContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = settings.minimumVersion.value
        configuration.certificateVerification = settings.verifies ? .fullVerification : .none
        configuration.applicationProtocols = settings.protocols.map(\.rawValue).filter { !$0.isEmpty }
        if !settings.verifies {
            configuration.trustRoots = .certificates([])
        } else if !settings.authorities.isEmpty {
            configuration.trustRoots = .certificates(try PEMFile.certificates(ofAll: settings.authorities))
        }
        var summary: CertificateSummary?
        if let files = settings.certificate {
            let chain = try PEMFile.certificates(files.chain)
            summary = CertificateSummary(chain[0])
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try PEMFile.privateKey(files.key))
        }
        let context = try PEMFile.context(
            configuration,
            chain: settings.certificate?.chain ?? settings.authorities.first ?? "the system's authorities",
            key: settings.certificate?.key ?? "")
        return TLSClientContext(context: context, verifies: settings.verifies, certificate: summary)
    }
}
