/// The streams of a connection and the windows in both directions (RFC 9113 section 5.2), without I/O.
///
/// Sending: `allowance` says how much a stream may send now. Receiving: bytes count as unconsumed until the caller has
/// passed them on; only then the peer gets credit, in steps of at least a quarter of the window.
struct StreamTable {
    struct Stream {
        /// May become negative by SETTINGS (section 6.9.2).
        var sendWindow: Int
        /// Bytes received and not yet consumed.
        var unconsumed = 0
        /// Bytes consumed for which the peer has no credit yet.
        var credit = 0
        /// The caller has more to send and waits for `windowOpened`.
        var isBlocked = false
        var hasReceivedEnd = false
        var hasReceivedHead = false
        var hasSentHead = false
        var hasSentEnd = false
        var isConnect = false
    }

    static let defaultWindow = 65_535

    private(set) var streams: [StreamID: Stream] = [:]
    /// Streams that wait for a window, in the order in which they began to wait: each gets its turn.
    private var waiting: [StreamID] = []
    private(set) var connectionSendWindow = StreamTable.defaultWindow
    private(set) var peerInitialWindow = StreamTable.defaultWindow
    /// What the peer may still send on the connection.
    var connectionReceiveWindow = StreamTable.defaultWindow
    private(set) var unconsumed = 0
    private var ended = SIMD16<Int32>(repeating: -1)
    private var endedCount = 0
    let streamWindow: Int
    let connectionWindow: Int

    init(streamWindow: Int, connectionWindow: Int) {
        self.streamWindow = streamWindow
        self.connectionWindow = connectionWindow
    }

    subscript(id: StreamID) -> Stream? { streams[id] }
    var count: Int { streams.count }

    mutating func open(_ id: StreamID) {
        streams[id] = Stream(sendWindow: peerInitialWindow)
    }

    /// Forgets a stream that has ended on both sides, or that the peer has reset: from now on it is closed (section 5.1).
    mutating func end(_ id: StreamID) {
        ended[endedCount % ended.scalarCount] = id.rawValue
        endedCount &+= 1
        close(id)
    }

    /// Whether the stream is one of the last 16 that `end` was told of.
    func hasEnded(_ id: StreamID) -> Bool { any(ended .== id.rawValue) }

    /// Forgets the stream; what it has not consumed counts as consumed on the connection.
    mutating func close(_ id: StreamID) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        unconsumed -= stream.unconsumed
    }

    mutating func update(_ id: StreamID, _ change: (inout Stream) -> Void) {
        guard let index = streams.index(forKey: id) else { return }
        change(&streams.values[index])
    }

    /// Bytes that the stream may send now.
    func allowance(_ id: StreamID) -> Int {
        guard let stream = streams[id] else { return 0 }
        return max(0, min(stream.sendWindow, connectionSendWindow))
    }

    mutating func sent(_ id: StreamID, _ count: Int) {
        connectionSendWindow -= count
        update(id) { $0.sendWindow -= count }
    }

    mutating func wait(_ id: StreamID) {
        guard let stream = streams[id], !stream.isBlocked else { return }
        update(id) { $0.isBlocked = true }
        waiting.append(id)
    }

    /// The streams that wait, of which none waits any more.
    mutating func takeWaiting() -> [StreamID] {
        let taken = waiting.filter { streams[$0] != nil }
        waiting.removeAll(keepingCapacity: true)
        for id in taken { update(id) { $0.isBlocked = false } }
        return taken
    }

    var hasWaiting: Bool { !waiting.isEmpty }

    mutating func windowUpdated(_ id: StreamID?, by increment: Int) {
        if let id { update(id) { $0.sendWindow += increment } } else { connectionSendWindow += increment }
    }

    /// SETTINGS_INITIAL_WINDOW_SIZE of the peer changes all streams' windows by the difference.
    mutating func peerInitialWindowChanged(to window: Int) {
        let difference = window - peerInitialWindow
        peerInitialWindow = window
        for index in streams.values.indices { streams.values[index].sendWindow += difference }
    }

    mutating func received(_ id: StreamID, _ count: Int) {
        unconsumed += count
        update(id) { $0.unconsumed += count }
    }

    /// - Returns: The increment of a WINDOW_UPDATE for the stream that is due, or 0.
    mutating func consumed(_ id: StreamID, _ count: Int) -> Int {
        guard let stream = streams[id] else { return 0 }
        let count = min(count, stream.unconsumed)
        unconsumed -= count
        let credit = stream.credit + count
        let isDue = credit >= streamWindow / 4 && !stream.hasReceivedEnd
        update(id) {
            $0.unconsumed -= count
            $0.credit = isDue ? 0 : credit
        }
        return isDue ? credit : 0
    }

    /// The increment of a WINDOW_UPDATE for the connection that is due, or 0: the peer's view and what we hold make up
    /// the whole window. That also returns what was sent on streams which are gone.
    func connectionGrant() -> Int {
        let grant = connectionWindow - connectionReceiveWindow - unconsumed
        return grant >= connectionWindow / 4 ? grant : 0
    }
}
