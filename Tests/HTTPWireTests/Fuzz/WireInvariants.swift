import HTTPWire

/// What must hold for any bytes whatever; each check answers nil or what is wrong. Used by the tests and by the libFuzzer
/// target (Tests/peers/gateway/fuzz.sh), so it knows nothing of a test library.
final class WireInvariants {
    private let reader = WireReader(capacity: 128 << 10)
    /// The naive reader has no limits.
    private let limits = HeadLimits(bytes: 64 << 10, target: 32 << 10, fields: 20_000, fieldBytes: 32 << 10)

    /// `splits` are places at which the bytes are cut on their way.
    func check(_ input: [UInt8], splits: [Int]) -> String? {
        guard input.count <= 32 << 10 else { return nil }
        let arrival = Array(Set(splits.map { $0 % max(input.count, 1) } + [input.count])).sorted().filter { $0 > 0 }
        return checkRequest(input, arrival) ?? checkResponse(input, arrival) ?? checkChunked(input, arrival)
    }

    /// The same however it arrives, the same as a naive reader says, and the same again when it is passed on.
    func checkRequest(_ input: [UInt8], _ arrival: [Int]) -> String? {
        let whole = reader.request(input, Arrival.whole(input.count), limits)
        if let naive = NaiveRequest(input) {
            let refused = whole.text.first?.isNumber == true && !whole.isComplete
            if naive.summary.isEmpty ? !refused : whole.text != naive.summary || whole.count != naive.count {
                return "request: \(whole) is not what a naive reader says: \(naive.summary)"
            }
        } else if whole.isComplete {
            return "request: complete without an empty line: \(whole)"
        }
        if whole.isComplete {
            let forwarded = serialize(reader.lastRequest, Array(input[..<whole.count]))
            let again = reader.request(forwarded, Arrival.whole(forwarded.count), limits)
            if again.essence != whole.essence || again.count != forwarded.count {
                return "request: passed on it is \(again), not \(whole)"
            }
        }
        let cut = reader.request(input, arrival, limits)
        return cut == whole ? nil : "request: \(whole) in one piece, \(cut) at \(arrival)"
    }

    func checkResponse(_ input: [UInt8], _ arrival: [Int]) -> String? {
        let method = [Method.get, .head, .connect][input.count % 3]
        let whole = reader.response(input, Arrival.whole(input.count), limits, answering: method)
        if whole.isComplete {
            let forwarded = serialize(reader.lastResponse, Array(input[..<whole.count]))
            let again = reader.response(forwarded, Arrival.whole(forwarded.count), limits, answering: method)
            guard again.essence == whole.essence, again.count == forwarded.count else {
                return "response: passed on it is \(again), not \(whole)"
            }
        }
        let cut = reader.response(input, arrival, limits, answering: method)
        return cut == whole ? nil : "response: \(whole) in one piece, \(cut) at \(arrival)"
    }

    /// The data in one chunk and the trailers decode to themselves.
    func checkChunked(_ input: [UInt8], _ arrival: [Int]) -> String? {
        let whole = reader.chunked(input, Arrival.whole(input.count))
        let cut = reader.chunked(input, arrival)
        guard cut == whole else { return "chunked: \(whole) in one piece, \(cut) at \(arrival)" }
        guard whole.end == .end else { return nil }
        let forwarded = WireInvariants.chunked(whole.data) + "0\r\n".utf8 + whole.trailers + "\r\n".utf8
        let again = reader.chunked(forwarded, Arrival.whole(forwarded.count))
        let same = again.end == .end && again.data == whole.data && again.trailers == whole.trailers
        return same && again.consumed == forwarded.count ? nil : "chunked: passed on it is \(again), not \(whole)"
    }

    private static func chunked(_ data: [UInt8]) -> [UInt8] {
        data.isEmpty ? [] : Array("\(String(data.count, radix: 16))\r\n".utf8) + data + Array("\r\n".utf8)
    }
}
