import Base
import HTTPWire
import TestKit
import Testing

@testable import Gateway

@Suite struct CollapsedFetchesTests {
    private final class Client {}
    private typealias Fetches = CollapsedFetches<Client>

    private let cache = ResponseCache(maxBytes: 1 << 20, maxObjectBytes: 1 << 10)
    private let start = MonotonicInstant(nanoseconds: 0)

    private func key(_ text: String) -> Fetches.Key {
        Fetches.Key(cache: ObjectIdentifier(cache), key: CacheKey(Array(text.utf8)))
    }

    @Test func firstGoesOthersWait() {
        var fetches = Fetches()
        let clients = (0..<3).map { _ in Client() }
        #expect(fetches.join(key("a"), clients[0], now: start) == .fetch)
        #expect(fetches.join(key("a"), clients[1], now: start) == .wait)
        #expect(fetches.join(key("a"), clients[2], now: start) == .wait)
        #expect(fetches.join(key("b"), clients[2], now: start) == .fetch)
        fetches.leave(key("a"), clients[1])
        #expect(fetches.end(key("a"), .stored, now: start).map(ObjectIdentifier.init) == [ObjectIdentifier(clients[2])])
        #expect(fetches.end(key("a"), .stored, now: start).isEmpty)
        #expect(fetches.join(key("a"), clients[1], now: start) == .fetch)
    }

    @Test func nobodyWaitsForWhatIsNotStored() {
        var fetches = Fetches()
        let client = Client()
        #expect(fetches.join(key("a"), client, now: start) == .fetch)
        _ = fetches.end(key("a"), .notStorable, now: start)
        #expect(fetches.join(key("a"), client, now: start.advanced(by: .seconds(59))) == .pass)
        #expect(fetches.join(key("a"), client, now: start.advanced(by: .seconds(60))) == .fetch)
        _ = fetches.end(key("a"), .failed, now: start.advanced(by: .seconds(60)))
        #expect(fetches.join(key("a"), client, now: start.advanced(by: .seconds(60))) == .fetch)
    }

    @Test func bounds() {
        var fetches = Fetches()
        let client = Client()
        #expect(fetches.join(key("a"), client, now: start) == .fetch)
        for _ in 0..<Fetches.mostWaiters { #expect(fetches.join(key("a"), client, now: start) == .wait) }
        #expect(fetches.join(key("a"), client, now: start) == .pass)
        for index in 1..<Fetches.mostFetches { #expect(fetches.join(key("\(index)"), client, now: start) == .fetch) }
        #expect(fetches.join(key("b"), client, now: start) == .pass)
    }

    /// Whatever happens in whatever order, each waiter is handed out once or leaves once, and nothing is left over.
    @Test(arguments: [4, 5, 6] as [UInt64]) func nobodyIsForgotten(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var fetches = Fetches()
        var (fetching, waiting): ([Int: Client], [ObjectIdentifier: (Int, Client)]) = ([:], [:])
        for _ in 0..<4000 {
            let name = Int.random(in: 0..<8, using: &random)
            let client = Client()
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                guard fetching.removeValue(forKey: name) != nil else { continue }
                for other in fetches.end(key("\(name)"), .failed, now: start) {
                    #expect(waiting.removeValue(forKey: ObjectIdentifier(other))?.0 == name, "seed \(seed)")
                }
                #expect(!waiting.values.contains { $0.0 == name }, "seed \(seed)")
            case 1:
                guard let leaver = waiting.randomElement(using: &random) else { continue }
                fetches.leave(key("\(leaver.value.0)"), leaver.value.1)
                waiting[leaver.key] = nil
            default:
                let turn = fetches.join(key("\(name)"), client, now: start)
                #expect(turn == (fetching[name] == nil ? .fetch : .wait), "seed \(seed)")
                if turn == .fetch {
                    fetching[name] = client
                } else {
                    waiting[ObjectIdentifier(client)] = (name, client)
                }
            }
        }
        for name in fetching.keys { _ = fetches.end(key("\(name)"), .failed, now: start) }
        #expect(fetches.isEmpty)
    }
}
