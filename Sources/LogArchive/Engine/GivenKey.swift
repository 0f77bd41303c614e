package import Base
package import Envelope

/// One provider that somebody names, whoever a header names.
package struct GivenKey: KeyDirectory {
    private let stores: SystemStores
    private let uri: String

    package init(stores: SystemStores, uri: String) {
        self.stores = stores
        self.uri = uri
    }

    package func provider(_ settings: EncryptSettings, region: String?) throws(ApusError) -> any KeyProvider {
        try stores.provider(settings, region: region)
    }

    package func provider(for wrapped: WrappedKey) throws(ApusError) -> any KeyProvider {
        var settings = EncryptSettings()
        settings.keyID = uri
        return try stores.provider(settings, region: nil)
    }
}
