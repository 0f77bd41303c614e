import Base

/// What KMS answers in place of a result: `{"__type":"com.amazonaws.kms#NotFoundException", "message":…}`.
struct KMSError {
    private static let unknownKey: Set<String> = [
        "NotFoundException", "DisabledException", "KMSInvalidStateException", "InvalidKeyUsageException",
    ]
    private static let mismatch: Set<String> = ["InvalidCiphertextException", "IncorrectKeyException"]
    private static let passing: Set<String> = [
        "ThrottlingException", "TooManyRequestsException", "LimitExceededException", "KMSInternalException",
        "DependencyTimeoutException", "KeyUnavailableException", "RequestTimeout",
    ]
    private static let stale: Set<String> = [
        "ExpiredTokenException", "ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException",
    ]

    /// One of KMS's constants; the message beside it may repeat what was sent and is not read.
    let name: String
    private let status: Int

    init(_ answer: IncomingResponse) {
        status = answer.status
        let type = (try? JSON.parse(answer.body, limit: 64 << 10))?["__type"]?.string ?? ""
        let last = type.split(separator: "#").last.map(String.init) ?? ""
        let isWord = !last.isEmpty && last.utf8.count <= 64 && last.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        name = isWord ? last : "status \(answer.status)"
    }

    var isStaleCredentials: Bool { KMSError.stale.contains(name) }

    var apusError: ApusError {
        if KMSError.unknownKey.contains(name) { return KMSError.unknown("the key cannot be used: \(name)") }
        if KMSError.mismatch.contains(name) {
            return ApusError(
                code: "key-mismatch", "the wrapped key does not open with this key and context: \(name)")
        }
        let canRetry = status >= 500 || status == 429 || KMSError.passing.contains(name)
        return ApusError(code: "key-provider-failed", "KMS refused: \(name)", canRetry: canRetry)
    }

    static func unknown(_ what: String) -> ApusError { ApusError(code: "key-unknown", what) }
}
