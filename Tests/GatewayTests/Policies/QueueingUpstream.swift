import Base
import TestKit

@testable import Gateway

private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

/// A closed model: clients that ask again a moment after an answer or a refusal, a queue, and a number of places.
struct QueueingUpstream {
    let places: Int
    let serviceTime: Duration
    var control: AdaptiveConcurrency
    var inFlight = 0
    var served = 0
    var limits: [Int] = []
    private var generator: SeededGenerator
    private var freeAt: [MonotonicInstant]
    private var answers: [(at: MonotonicInstant, permit: AdaptiveConcurrency.Permit)] = []
    private let clients: Int

    init(places: Int, serviceTime: Duration, clients: Int, seed: UInt64) {
        self.places = places
        self.serviceTime = serviceTime
        self.clients = clients
        generator = SeededGenerator(seed: seed)
        control = AdaptiveConcurrency(AdaptiveConcurrencyPolicy(), now: start, seed: seed)
        freeAt = [MonotonicInstant](repeating: start, count: places)
    }

    /// Steps of a millisecond; in each every idle client asks with a chance of one in five.
    mutating func run(until end: Duration) {
        var now = start
        while start.duration(to: now) < end {
            let due = answers.filter { $0.at <= now }
            answers.removeAll { $0.at <= now }
            for answer in due {
                control.complete(answer.permit, now: now)
                inFlight -= 1
                served += 1
            }
            for _ in 0..<((clients - inFlight) / 5) { ask(now) }
            limits.append(control.limit)
            now = now.advanced(by: .milliseconds(1))
        }
    }

    private mutating func ask(_ now: MonotonicInstant) {
        guard let permit = control.admit(now: now), let place = freeAt.indices.min(by: { freeAt[$0] < freeAt[$1] })
        else { return }
        let spread = Double.random(in: 0.9...1.1, using: &generator)
        let done = max(freeAt[place], now).advanced(by: serviceTime * spread)
        freeAt[place] = done
        answers.append((done, permit))
        inFlight += 1
    }
}
