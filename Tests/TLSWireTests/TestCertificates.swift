import Base
import TestKit

@testable import TLSWire

/// An authority and what it signed, made once for a test run by openssl(1): `NAME.pem` with the chain and `NAME.key`.
final class TestCertificates: Sendable {
    private static let made = Result { try TestCertificates() }
    static func shared() throws -> TestCertificates { try made.get() }

    private let folder: TemporaryFolder

    private init() throws {
        folder = try TemporaryFolder()
        try folder.write("make.sh", TestCertificates.script)
        let result = try ProcessRunner.run(["sh", "\(folder.path)/make.sh", folder.path], timeout: .seconds(60))
        guard result.code == 0 else { throw ApusError(code: "openssl", result.output) }
    }

    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try folder.write(name, text) }

    func certificate(_ name: String, names: [String] = []) -> TLSServerSettings.Certificate {
        TLSServerSettings.Certificate(chain: path("\(name).pem"), key: path("\(name).key"), names: names)
    }

    /// `sign NAME SUBJECT EXTENSIONS [options of openssl x509]`
    private static let script = """
        set -e
        cd "$1"
        key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
        authority() {
            key "$1"
            openssl req -new -x509 -key "$1.key" -out "$1.pem" -days 3650 -subj "/CN=$1" \\
                -addext basicConstraints=critical,CA:TRUE
        }
        sign() {
            name="$1"; subject="$2"; extensions="$3"; shift 3
            key "$name"
            openssl req -new -key "$name.key" -out "$name.csr" -subj "$subject"
            printf '%s\\n' "$extensions" > "$name.ext"
            openssl x509 -req -in "$name.csr" -CA authority.pem -CAkey authority.key -CAcreateserial -sha256 \\
                -extfile "$name.ext" -out "$name.pem" "$@"
        }
        authority authority
        authority stranger
        sign app "/O=Example, Inc./CN=app.example" \\
            "subjectAltName=DNS:app.example,DNS:*.app.example,IP:127.0.0.1,IP:::1,URI:spiffe://example/app" -days 30
        sign other "/CN=other.example" "subjectAltName=DNS:other.example" -days 30
        sign plain "/CN=plain.example" "basicConstraints=CA:FALSE" -days 30
        sign expired "/CN=app.example" "subjectAltName=DNS:app.example" -days -1
        sign client "/O=Example/OU=Robots/CN=robot" "extendedKeyUsage=clientAuth" -days 30
        openssl req -new -x509 -key stranger.key -out robber.pem -days 30 -subj "/CN=robot"
        cp stranger.key robber.key
        openssl genrsa -aes128 -passout pass:secret -out locked.key 2048
        """
}
