import Base
import NIOSSL

/// PEM files of certificates and keys, with errors that name the file.
enum PEMFile {
    /// Bytes of a file at most: a bundle of all public authorities has about 250 KB.
    private static let limit = 4 << 20

    /// At least one certificate.
    static func certificates(_ path: String) throws(ApusError) -> [NIOSSLCertificate] {
        let bytes = try read(path)
        guard let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
            throw failure("\(path) holds no certificate in PEM form")
        }
        return found
    }

    static func certificates(ofAll paths: [String]) throws(ApusError) -> [NIOSSLCertificate] {
        var all: [NIOSSLCertificate] = []
        for path in paths { all += try certificates(path) }
        return all
    }

    static func privateKey(_ path: String) throws(ApusError) -> NIOSSLPrivateKey {
        var bytes = try read(path)
        defer { for index in bytes.indices { bytes[index] = 0 } }
        if String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED") {
            throw failure("the private key in \(path) is encrypted: the gateway needs one without a passphrase")
        }
        guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
            throw failure("\(path) holds no private key in PEM form")
        }
        return key
    }

    /// - Parameters:
    ///   - chain: the file to name when `configuration` is refused as a whole.
    ///   - key: the file of its private key, or empty.
    static func context(_ configuration: TLSConfiguration, chain: String, key: String) throws(ApusError)
        -> NIOSSLContext
    {
        do { return try NIOSSLContext(configuration: configuration) } catch {
            if case .failedToLoadPrivateKey? = error as? NIOSSLError {
                throw failure("the private key in \(key) does not belong to the certificate in \(chain)")
            }
            throw ApusError(code: "tls-file", "TLS with \(chain) is not possible", kind: .declaration, cause: error)
        }
    }

    private static func read(_ path: String) throws(ApusError) -> [UInt8] {
        do { return try Files.read(path, limit: limit) } catch {
            throw ApusError(
                code: "tls-file", error.message, kind: .declaration, canRetry: error.canRetry, cause: error.cause)
        }
    }

    private static func failure(_ message: String) -> ApusError {
        ApusError(code: "tls-file", message, kind: .declaration)
    }
}

extension TLSMinimumVersion {
    var value: TLSVersion {
        switch self {
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }
}
