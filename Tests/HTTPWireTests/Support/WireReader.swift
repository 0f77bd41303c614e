import HTTPWire

/// How bytes arrive: the counts of bytes that are there each time the parser is asked.
enum Arrival {
    static func whole(_ count: Int) -> [Int] { [count] }
    static func bytewise(_ count: Int) -> [Int] { Array(1...max(count, 1)) }
    static func split(_ count: Int, at point: Int) -> [Int] { point > 0 && point < count ? [point, count] : [count] }
}

/// Feeds the parsers as bytes arrive and says in one line what came out. The bytes move for each call, and end at memory
/// that cannot be read. The heads are used again, as the engine does.
final class WireReader {
    private let memory: GuardedMemory
    private var request = RequestHead()
    private var response = ResponseHead()

    /// What came out, and how many bytes of the input it took: 0 unless it is complete.
    struct Outcome: Equatable {
        var text: String
        /// What must be the same when the message is passed on.
        var essence = ""
        var count = 0
        var isComplete: Bool { count > 0 }
    }

    init(capacity: Int = 64 << 10) {
        memory = GuardedMemory(capacity: capacity)
    }

    func request(_ input: [UInt8], _ arrival: [Int], _ limits: HeadLimits = HeadLimits()) -> Outcome {
        read(input, arrival) { bytes, scanned in
            let progress = request.parse(bytes, scanned: &scanned, limits: limits)
            return outcome(progress) { describe(request, bytes, ofThisHop: $0) }
        }
    }

    func response(
        _ input: [UInt8], _ arrival: [Int], _ limits: HeadLimits = HeadLimits(), answering method: Method = .get
    ) -> Outcome {
        read(input, arrival) { bytes, scanned in
            let progress = response.parse(bytes, scanned: &scanned, limits: limits, answering: method)
            return outcome(progress) { describe(response, bytes, ofThisHop: $0) }
        }
    }

    private func read(
        _ input: [UInt8], _ arrival: [Int], _ parse: (UnsafeRawBufferPointer, inout Int) -> Outcome?
    ) -> Outcome {
        var scanned = 0
        for count in arrival {
            let bytes = memory.place(input[..<min(count, input.count)])
            if let outcome = parse(bytes, &scanned) { return outcome }
        }
        return Outcome(text: "incomplete")
    }

    private func outcome(_ progress: HeadProgress, _ summary: (Bool) -> String) -> Outcome? {
        switch progress {
        case .incomplete: nil
        case .complete(let count): Outcome(text: summary(true), essence: summary(false), count: count)
        case .refused(let refusal): Outcome(text: "\(refusal.status) \(refusal.reason.rawValue)")
        }
    }

    /// The head of the last complete request and response.
    var lastRequest: RequestHead { request }
    var lastResponse: ResponseHead { response }

    /// Decodes a body; what has been consumed is not shown again. `data|trailers|rest` when it ends, `data+` when not.
    func chunked(_ input: [UInt8], _ arrival: [Int], _ limits: ChunkedLimits = ChunkedLimits()) -> ChunkedOutcome {
        var decoder = ChunkedDecoder(limits: limits)
        var outcome = ChunkedOutcome()
        for count in arrival where outcome.end == nil {
            let bytes = memory.place(input[outcome.consumed..<max(min(count, input.count), outcome.consumed)])
            var position = 0
            outcome.end = WireReader.drain(&decoder, bytes, &position, &outcome.data)
            outcome.consumed += position
        }
        outcome.trailers = decoder.trailers
        return outcome
    }

    private static func drain(
        _ decoder: inout ChunkedDecoder, _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ data: inout [UInt8]
    ) -> ChunkedDecoder.Step? {
        while true {
            let step = decoder.next(bytes, position: &position)
            switch step {
            case .data(let range): data += bytes[range]
            case .needMore: return nil
            case .end, .refused: return step
            }
        }
    }
}

/// What a chunked body gave.
struct ChunkedOutcome: Equatable {
    var data: [UInt8] = []
    var trailers: [UInt8] = []
    var consumed = 0
    /// `.end`, `.refused`, or nil when more is needed.
    var end: ChunkedDecoder.Step?

    func text(of input: [UInt8]) -> String {
        switch end {
        case .refused(let refusal): "\(refusal.status) \(refusal.reason.rawValue)"
        case .end: [data, trailers, Array(input[consumed...])].map(ChunkedOutcome.string).joined(separator: "|")
        default: ChunkedOutcome.string(data) + "+"
        }
    }

    private static func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
