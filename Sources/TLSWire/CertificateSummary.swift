package import Base
import Crypto
import Glibc
import NIOSSL

/// What an operator, a log line and a forwarded header want to know of a certificate.
package struct CertificateSummary: Hashable, Sendable {
    /// The distinguished name as RFC 4514 writes it, most specific part first: `CN=gateway,O=Example`. Control
    /// characters are escaped.
    package let subject: String
    package let issuer: String
    /// DNS names of the subject alternative name, in lower case; the common name where there is no such extension.
    package let dnsNames: [String]
    /// IP addresses and URIs (SPIFFE identities) of the subject alternative name.
    package let addresses: [String]
    package let uris: [String]
    package let notBefore: WallInstant
    package let notAfter: WallInstant
    /// Lower-case hexadecimal.
    package let serialNumber: String
    /// SHA-256 of the DER form, 64 lower-case hexadecimal digits.
    package let sha256: String

    init(_ certificate: NIOSSLCertificate) {
        let der = (try? certificate.toDERBytes()) ?? []
        let fields = CertificateFields(der: der)
        subject = fields.subject
        issuer = fields.issuer
        dnsNames = fields.hasAlternativeNames ? fields.dnsNames : fields.commonName.map { [$0.lowercased()] } ?? []
        addresses = fields.addresses
        uris = fields.uris
        notBefore = WallInstant(secondsSince1970: Int64(certificate.notValidBefore))
        notAfter = WallInstant(secondsSince1970: Int64(certificate.notValidAfter))
        serialNumber = certificate.serialNumber.hexadecimal
        sha256 = Array(SHA256.hash(data: der)).hexadecimal
    }

    /// Whether the certificate is outside its time at `now`, and how.
    package func problem(at now: WallInstant) -> String? {
        if now > notAfter { return "it expired on \(notAfter.rfc3339)" }
        if now < notBefore { return "it is not valid before \(notBefore.rfc3339)" }
        return nil
    }

    var problemNow: String? { problem(at: WallInstant(secondsSince1970: Int64(time(nil)))) }
}

extension [UInt8] {
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
