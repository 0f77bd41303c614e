/// Smooth weighted round robin: earliest deadline first, as in Envoy's scheduler. A host's next turn is `1 / weight` of
/// virtual time after its last, so that a host of weight 5 comes five times as often as one of weight 1, evenly spread.
///
/// A binary heap over storage of fixed size: a pick is O(log n), plus O(log n) for each host that is passed over; no
/// allocation. Hosts passed over keep their place and are first in line for the next request.
struct WeightedRotation: Sendable {
    /// Virtual time of each host's next turn, and a serial that breaks ties first in, first out.
    private var deadlines: [Double]
    private var orders: [UInt64]
    private var isPresent: [Bool]
    private var heap: [Int32] = []
    private var passedOver: [Int32] = []
    /// Virtual time of the last turn.
    private var clock = 0.0
    private var serial: UInt64

    /// Rotations of several workers begin at different hosts: `offset` is any number.
    init(weights: [Int], offset: UInt64) {
        let count = weights.count
        isPresent = [Bool](repeating: false, count: count)
        orders = []
        deadlines = []
        serial = UInt64(count)
        heap.reserveCapacity(count)
        passedOver.reserveCapacity(count)
        for (index, weight) in weights.enumerated() {
            // The first turns are staggered, or the light hosts would all come together after the heavy ones.
            let place = (UInt64(index) &+ offset) % UInt64(count)
            deadlines.append(Double(place + 1) / Double(count) / Double(weight))
            orders.append(place)
        }
    }

    /// The hosts that take part from now on. A newcomer waits one whole turn, so that a flapping host gains nothing.
    mutating func rebuild(eligible: [Bool], weight: (Int) -> Double) {
        let isFirst = clock == 0
        heap.removeAll(keepingCapacity: true)
        for host in eligible.indices {
            if eligible[host] {
                if !isPresent[host], !isFirst {
                    deadlines[host] = max(deadlines[host], clock + 1 / weight(host))
                    orders[host] = nextSerial()
                }
                push(Int32(host))
            }
            isPresent[host] = eligible[host]
        }
    }

    /// Takes the first host in line that is accepted; nil when none is. Give it back at once with `put`.
    mutating func take(where accepts: (Int) -> Bool) -> Int? {
        var found: Int?
        while let host = pop() {
            if accepts(Int(host)) {
                found = Int(host)
                break
            }
            passedOver.append(host)
        }
        while let host = passedOver.popLast() { push(host) }
        if let found { clock = max(clock, deadlines[found]) }
        return found
    }

    /// Queues the host taken for its next turn.
    mutating func put(_ host: Int, weight: Double) {
        // From its own deadline and not from the clock, or a host that was passed over would lose a turn for good.
        deadlines[host] = max(deadlines[host], clock - 1 / weight) + 1 / weight
        orders[host] = nextSerial()
        push(Int32(host))
        if clock > 0x1p32 { rebase() }
    }

    /// Keeps virtual time small, where a Double still tells thousandths apart. O(n), once in 2^32 turns.
    private mutating func rebase() {
        for host in deadlines.indices { deadlines[host] -= clock }
        clock = 0x1p-52
    }

    private mutating func nextSerial() -> UInt64 {
        serial += 1
        return serial
    }
}

extension WeightedRotation {
    private func isBefore(_ left: Int32, _ right: Int32) -> Bool {
        let (first, second) = (deadlines[Int(left)], deadlines[Int(right)])
        return first == second ? orders[Int(left)] < orders[Int(right)] : first < second
    }

    private mutating func push(_ host: Int32) {
        heap.append(host)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func pop() -> Int32? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        heap[0] = last
        var parent = 0
        while true {
            var best = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < heap.count {
                if isBefore(heap[child], heap[best]) { best = child }
            }
            guard best != parent else { return first }
            heap.swapAt(best, parent)
            parent = best
        }
    }
}
