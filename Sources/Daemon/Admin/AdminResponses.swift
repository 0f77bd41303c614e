import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

extension Response {
    static func text(
        _ text: String, type: String = "text/plain; charset=utf-8", status: HTTPResponse.Status = .ok
    ) -> Response {
        var response = Response(status: status, body: .init(byteBuffer: ByteBuffer(string: text)))
        response.headers[.contentType] = type
        return response
    }

    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return Response(status: .internalServerError) }
        return .text(String(decoding: data, as: UTF8.self) + "\n", type: "application/json", status: status)
    }
}

/// At most so many at once; a place is given back when its last reference goes.
final class InFlightLimit: Sendable {
    final class Place: Sendable {
        private let limit: InFlightLimit
        fileprivate init(_ limit: InFlightLimit) { self.limit = limit }
        deinit { limit.count.subtract(1, ordering: .relaxed) }
    }

    private let maximum: Int
    private let count = Atomic<Int>(0)

    init(_ maximum: Int) {
        self.maximum = maximum
    }

    func enter() -> Place? {
        guard count.add(1, ordering: .relaxed).newValue <= maximum else {
            count.subtract(1, ordering: .relaxed)
            return nil
        }
        return Place(self)
    }
}
