import Base
import HTTPTransport

/// One HTTP client for all tests of the binary.
enum Client {
    static let transport = HTTPTransport()

    static func get(_ url: String, headers: [(name: String, value: String)] = []) async throws -> IncomingResponse {
        try await transport.send(OutgoingRequest(method: "GET", url: url, headers: headers, timeout: .seconds(30)))
    }

    static func post(
        _ url: String, headers: [(name: String, value: String)] = [], body: String = ""
    ) async throws -> IncomingResponse {
        try await transport.send(
            OutgoingRequest(method: "POST", url: url, headers: headers, body: Array(body.utf8), timeout: .seconds(30)))
    }

    /// The value of one series in the text format; nil when it is not there.
    static func metric(_ series: String, at address: String) async throws -> Double? {
        let text = String(decoding: try await get("\(address)/metrics").body, as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { Double($0.dropFirst(series.count + 1)) }
    }
}

extension IncomingResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}
