import Base

/// How long a client of HTTP/2 has kept one stream waiting. `ClientConnection` has the same for its one request.
struct ClientPatience {
    /// Bodies have this long before their rate counts.
    static let grace = Nanoseconds(.seconds(10))
    private static let pace = Nanoseconds(.seconds(1))

    private let beganAt: MonotonicInstant
    private var heardAt: MonotonicInstant
    private var heardBytes = 0
    /// When some of the answer went to the client last.
    var takenAt: MonotonicInstant

    init(now: MonotonicInstant) {
        (beganAt, heardAt, takenAt) = (now, now, now)
    }

    mutating func heard(_ bytes: Int, now: MonotonicInstant) {
        heardBytes += bytes
        heardAt = now
    }

    /// - Parameter leastRate: bytes a second; 0: any will do.
    func isOver(idle: Nanoseconds, leastRate: Int, now: MonotonicInstant) -> Bool {
        if now >= heardAt.advanced(by: idle) { return true }
        guard leastRate > 0, now >= beganAt.advanced(by: ClientPatience.grace) else { return false }
        return Double(heardBytes) < Double(leastRate) * beganAt.seconds(to: now)
    }

    /// When to ask `isOver`.
    func moment(idle: Nanoseconds, leastRate: Int, after now: MonotonicInstant? = nil) -> MonotonicInstant {
        let silent = heardAt.advanced(by: idle)
        guard leastRate > 0 else { return silent }
        let slow = beganAt.advanced(by: ClientPatience.grace)
        return min(silent, now.map { max(slow, $0.advanced(by: ClientPatience.pace)) } ?? slow)
    }
}
