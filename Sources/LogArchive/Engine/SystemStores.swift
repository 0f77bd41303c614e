package import Base
package import CloudAPI
package import Envelope
import HTTPTransport
package import ObjectStore
import Synchronization

/// The stores and key services of this process, each made once.
package final class SystemStores: StoreDirectory, KeyDirectory {
    private struct State {
        var stores: [(settings: StoreSettings, store: any ObjectStore)] = []
        var transports: [(file: String?, transport: HTTPTransport)] = []
        /// Providers that rules or the command line name. A file cannot name others: its header may be anybody's.
        var providers: [String: (timeout: Duration, provider: any KeyRewrapper)] = [:]
    }

    private let state = Mutex(State())
    private let time: any TimeSource
    private let environment: [String: String]

    package init(time: any TimeSource, environment: [String: String] = ProcessEnvironment.current()) {
        self.time = time
        self.environment = environment
    }

    package func store(_ settings: StoreSettings) throws(ApusError) -> any ObjectStore {
        if let known = state.withLock({ $0.stores.first { $0.settings == settings }?.store }) { return known }
        let made = try StoreFactory.make(
            settings, http: transport(settings.caFile), time: time, environment: environment)
        state.withLock { $0.stores.append((settings, made)) }
        return made
    }

    private func transport(_ file: String?) throws(ApusError) -> HTTPTransport {
        if let known = state.withLock({ $0.transports.first { $0.file == file }?.transport }) { return known }
        let limit = StoreFactory.responseBodyLimit
        let made: HTTPTransport
        if let file {
            made = try HTTPTransport(responseBodyLimit: limit, authorityFile: file)
        } else {
            made = HTTPTransport(responseBodyLimit: limit)
        }
        state.withLock { $0.transports.append((file, made)) }
        return made
    }

    package func provider(_ settings: EncryptSettings, region: String?) throws(ApusError) -> any KeyProvider {
        try rewrapper(settings, region: region)
    }

    /// The same, which can also wrap a data key that is there.
    package func rewrapper(_ settings: EncryptSettings, region: String?) throws(ApusError) -> any KeyRewrapper {
        if let known = state.withLock({ $0.providers[settings.keyID] }), known.timeout == settings.timeout {
            return known.provider
        }
        var service: (any KeyManagementService)?
        if case .kms = try KeyProviderURI(settings.keyID) {
            service = try kms(settings, region: settings.region ?? region)
        }
        let made = try KeyProviderURI.provider(
            settings.keyID, kms: service, environment: environment, timeout: settings.timeout, time: time)
        state.withLock { $0.providers[settings.keyID] = (settings.timeout, made) }
        return made
    }

    package func provider(for wrapped: WrappedKey) throws(ApusError) -> any KeyProvider {
        if let known = state.withLock({ $0.providers[wrapped.provider]?.provider }) { return known }
        // What runs a program must be declared here; the others only read, and say themselves what is missing.
        if case .exec = try KeyProviderURI(wrapped.provider) {
            throw ApusError(
                code: "key-provider-unknown",
                "its key is wrapped by \(wrapped.provider), which no rule names: give it by --key if you trust it")
        }
        var settings = EncryptSettings()
        settings.keyID = wrapped.provider
        return try provider(settings, region: SystemStores.region(ofARN: wrapped.keyID))
    }

    /// `arn:aws:kms:REGION:…`
    private static func region(ofARN text: String) -> String? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count > 4 && parts[0] == "arn" ? String(parts[3]) : nil
    }

    private func kms(_ settings: EncryptSettings, region: String?) throws(ApusError) -> any KeyManagementService {
        let known = try RegionResolver.region(region, profile: nil, environment: environment)
        let endpoint = settings.endpoint ?? environment["AWS_ENDPOINT_URL_KMS"] ?? environment["AWS_ENDPOINT_URL"]
        guard let region = known ?? (endpoint == nil ? nil : "us-east-1") else {
            throw ApusError(
                code: "region-missing", "the region of the KMS is not known: say encrypt.region, or set AWS_REGION",
                kind: .declaration)
        }
        let http = try transport(nil)
        let chain = CredentialChain.aws(region: region, environment: environment, http: http, time: time)
        return CloudKMS(
            client: KMSClient(
                endpoint: endpoint, region: region, credentials: chain, http: http, timeout: settings.timeout,
                time: time))
    }

    /// Closes connections; the stores are of no use afterwards.
    package func shutdown() async {
        let transports = state.withLock { $0.transports.map(\.transport) }
        for transport in transports { await transport.shutdown() }
    }
}

/// AWS's KMS as the envelope wants it.
private struct CloudKMS: KeyReencryptionService {
    let client: KMSClient

    func generateDataKey(
        keyID: String, context: [(String, String)]
    ) async throws(ApusError) -> (plain: [UInt8], wrapped: [UInt8], keyID: String) {
        try await client.generateDataKey(keyID: keyID, context: context.map { (name: $0.0, value: $0.1) })
    }

    func decrypt(
        _ wrapped: [UInt8], keyID: String, context: [(String, String)]
    ) async throws(ApusError) -> (plain: [UInt8], keyID: String) {
        try await client.decrypt(wrapped, keyID: keyID, context: context.map { (name: $0.0, value: $0.1) })
    }

    func reEncrypt(
        _ wrapped: [UInt8], to keyID: String, context: [(String, String)]
    ) async throws(ApusError) -> (wrapped: [UInt8], keyID: String) {
        let pairs = context.map { (name: $0.0, value: $0.1) }
        return try await client.reEncrypt(wrapped, to: keyID, context: pairs)
    }
}
