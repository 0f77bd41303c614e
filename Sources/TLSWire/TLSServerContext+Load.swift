package import Base
import NIOSSL

extension TLSServerContext {
    /// Reads and checks all files. It blocks on the disk: not for a worker's thread.
    ///
    /// - Throws: `ApusError` of kind `.declaration`, code `tls-file` or `tls-settings`, whose message names the file
    ///   at fault.
    package static func load(_ settings: TLSServerSettings) throws(ApusError) -> TLSServerContext {
        guard !settings.certificates.isEmpty else {
            throw ApusError(code: "tls-settings", "a TLS listener needs a certificate", kind: .declaration)
        }
        let authorities = try clientAuthorities(settings)
        var certificates: [Certificate] = []
        for files in settings.certificates {
            certificates.append(try load(files, settings, authorities))
        }
        return TLSServerContext(certificates: certificates)
    }

    private static func load(
        _ files: TLSServerSettings.Certificate, _ settings: TLSServerSettings, _ authorities: [NIOSSLCertificate]
    ) throws(ApusError) -> Certificate {
        let chain = try PEMFile.certificates(files.chain)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(try PEMFile.privateKey(files.key))
        )
        configuration.minimumTLSVersion = settings.minimumVersion.value
        configuration.applicationProtocols = settings.protocols.map(\.rawValue).filter { !$0.isEmpty }
        switch settings.clientCertificates {
        case .none: break
        case .optional: configuration.certificateVerification = .optionalVerification
        case .required: configuration.certificateVerification = .noHostnameVerification
        }
        if settings.clientCertificates != .none {
            configuration.trustRoots = .certificates(authorities)
            configuration.sendCANameList = true
        }
        let summary = CertificateSummary(chain[0])
        return Certificate(
            file: files.chain, summary: summary, names: files.names.isEmpty ? summary.dnsNames : files.names,
            context: try PEMFile.context(configuration, chain: files.chain, key: files.key))
    }

    private static func clientAuthorities(_ settings: TLSServerSettings) throws(ApusError) -> [NIOSSLCertificate] {
        guard settings.clientCertificates != .none else { return [] }
        guard !settings.clientAuthorities.isEmpty else {
            throw ApusError(
                code: "tls-settings", "client certificates need a file of authorities to check them", kind: .declaration
            )
        }
        return try PEMFile.certificates(ofAll: settings.clientAuthorities)
    }
}
