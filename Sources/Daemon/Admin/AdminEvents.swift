import Logging
import Settings
import Telemetry

struct AdminListening: Event {
    static let message = "console and metrics are served"
    let address: String
    var fields: Logger.Metadata { ["address": "\(address)"] }
}

extension NetworkAddress {
    /// As one types it into a browser; a Unix socket stays as it is.
    var asURL: String { isUnix ? "\(self)" : "http://\(self)/" }
}
