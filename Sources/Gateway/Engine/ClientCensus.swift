import Reactor
import Synchronization

/// The clients' connections of all workers, for limits that hold for the whole gateway.
final class ClientCensus: Sendable {
    private let count = Atomic<Int>(0)
    /// Only while there is a limit for each client.
    private let perClient = Mutex<[ClientKey: Int]>([:])

    enum Refusal: String {
        case tooMany = "too many connections"
        case tooManyOfClient = "too many connections of a client"
    }

    /// Counts one more connection, unless that would be more than the limits allow.
    func enter(_ peer: PeerAddress, _ limits: GatewayLimits) -> Refusal? {
        guard count.add(1, ordering: .relaxed).newValue <= limits.maxConnections else {
            count.subtract(1, ordering: .relaxed)
            return .tooMany
        }
        guard limits.connectionsPerClient != .max else { return nil }
        let isAllowed = perClient.withLock { perClient in
            let own = perClient[ClientKey(peer), default: 0]
            guard own < limits.connectionsPerClient else { return false }
            perClient[ClientKey(peer)] = own + 1
            return true
        }
        guard !isAllowed else { return nil }
        count.subtract(1, ordering: .relaxed)
        return .tooManyOfClient
    }

    /// A connection that had entered is closed.
    func leave(_ peer: PeerAddress) {
        count.subtract(1, ordering: .relaxed)
        perClient.withLock { perClient in
            // One that came before there was a limit was not counted.
            guard !perClient.isEmpty, let own = perClient[ClientKey(peer)] else { return }
            perClient[ClientKey(peer)] = own > 1 ? own - 1 : nil
        }
    }
}

/// Whose connections are counted together: an IPv4 address, or an IPv6 /64.
private struct ClientKey: Hashable {
    private let high: UInt64
    private let low: UInt64

    init(_ peer: PeerAddress) {
        high = peer.high
        low = peer.isIPv4 ? peer.low : 0
    }
}
