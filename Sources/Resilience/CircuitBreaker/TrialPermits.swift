import Base

/// The permits of one half-open period: `size` places, each free, out with a call, or used up by a recorded result.
///
/// A place is known by its index and a serial that changes each time it is handed out, so a permit that was returned, or
/// taken back, is told from its successor. O(1), except for `reclaim`, which looks at all places; a lower bound of the
/// next due instant makes that happen at most once for each permit handed out.
struct TrialPermits: Sendable {
    private struct Place: Sendable {
        var serial: UInt32 = 0
        var isOut = false
        var handedOutAt = MonotonicInstant(nanoseconds: 0)
    }

    private(set) var outstanding = 0
    private var places: [Place]
    private var free: [Int32]
    /// No permit that is out is older than this.
    private var oldestBound = MonotonicInstant(nanoseconds: .max)

    init(size: Int) {
        places = [Place](repeating: Place(), count: size)
        free = (0..<Int32(size)).reversed()
    }

    var size: Int { places.count }

    /// All places free again; permits of before are told apart by the breaker's generation.
    mutating func reset() {
        outstanding = 0
        oldestBound = MonotonicInstant(nanoseconds: .max)
        for index in places.indices { places[index].isOut = false }
        free.removeAll(keepingCapacity: true)
        for index in places.indices.reversed() { free.append(Int32(index)) }
    }

    mutating func take(now: MonotonicInstant) -> (place: Int32, serial: UInt32)? {
        guard let index = free.popLast() else { return nil }
        let place = Int(index)
        places[place].serial &+= 1
        places[place].isOut = true
        places[place].handedOutAt = now
        outstanding += 1
        oldestBound = min(oldestBound, now)
        return (index, places[place].serial)
    }

    /// Ends a permit; `reusable` gives its place back, otherwise the place is used up. False when the permit is not out.
    mutating func end(place: Int32, serial: UInt32, reusable: Bool) -> Bool {
        let index = Int(place)
        guard places.indices.contains(index), places[index].isOut, places[index].serial == serial else { return false }
        places[index].isOut = false
        outstanding -= 1
        if reusable { free.append(place) }
        return true
    }

    /// Whether a place is free, or may be taken back. The bound may be older than the oldest permit: then it is true once
    /// too often.
    func mayTake(reclaimingOlderThan timeout: Duration, now: MonotonicInstant) -> Bool {
        !free.isEmpty || (outstanding > 0 && now >= oldestBound.advanced(by: timeout))
    }

    /// Takes back what has been out for `timeout` or longer; returns how many.
    mutating func reclaim(olderThan timeout: Duration, now: MonotonicInstant) -> Int {
        guard outstanding > 0, now >= oldestBound.advanced(by: timeout) else { return 0 }
        var taken = 0
        var oldest = MonotonicInstant(nanoseconds: .max)
        for index in places.indices where places[index].isOut {
            if now >= places[index].handedOutAt.advanced(by: timeout) {
                places[index].isOut = false
                free.append(Int32(index))
                taken += 1
            } else {
                oldest = min(oldest, places[index].handedOutAt)
            }
        }
        outstanding -= taken
        oldestBound = oldest
        return taken
    }
}
