import Base
import Glibc
import HTTPWire
import Reactor
import Synchronization
import TestKit
import Testing

/// The loop with real sockets of the loopback kind (socketpair), driven from one thread.
@Suite(.timeLimit(.minutes(1))) struct ReactorTests {
    /// Notes what happens to it.
    private final class Probe: EventSource {
        let reactor: Reactor
        var readable = 0
        var ends = 0
        var deadlines: [MonotonicInstant] = []
        var received: [UInt8] = []
        var onEvent: (Probe) -> Void = { _ in }

        init(_ reactor: Reactor, _ descriptor: Int32) {
            self.reactor = reactor
            super.init(descriptor: descriptor)
        }

        override func ready(_ bits: UInt32) {
            let readiness = Readiness(rawValue: bits)
            if readiness.contains(.readable) {
                readable += 1
                let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
                defer { room.deallocate() }
                reading: while true {
                    switch Socket.read(descriptor, into: room) {
                    case .bytes(let count): received += room[..<count]
                    case .end:
                        ends += 1
                        break reading
                    case .wouldBlock, .failed: break reading
                    }
                }
            }
            onEvent(self)
        }

        override func deadlineReached() {
            deadlines.append(reactor.now)
            onEvent(self)
        }
    }

    private final class Parker: Reactor.ParkingOwner {
        let reactor: Reactor
        var unparked: [ParkedConnection] = []
        var closed: [ParkedConnection] = []
        var onEvent: (Probe) -> Void = { _ in }

        init(_ reactor: Reactor) { self.reactor = reactor }

        func unpark(_ connection: ParkedConnection, descriptor: Int32) -> EventSource {
            unparked.append(connection)
            let probe = Probe(reactor, descriptor)
            probe.onEvent = onEvent
            return probe
        }

        func parkedClosed(_ connection: ParkedConnection) { closed.append(connection) }
    }

    private static func pair() throws -> (Int32, Int32) {
        var descriptors: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        try #require(socketpair(AF_UNIX, type, 0, &descriptors) == 0)
        return (descriptors[0], descriptors[1])
    }

    private static func send(_ text: String, to descriptor: Int32) {
        var text = text
        _ = text.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
    }

    @Test func readinessComesOnceForEachArrivalAndTheEndIsSeen() throws {
        let reactor = try Reactor()
        let (own, other) = try ReactorTests.pair()
        let probe = Probe(reactor, own)
        #expect(reactor.add(probe))
        ReactorTests.send("one", to: other)
        probe.onEvent = { probe in
            if probe.received == Array("one".utf8) {
                ReactorTests.send("two", to: other)
                close(other)
            }
            if probe.ends > 0 {
                reactor.close(probe)
                reactor.poster.stop()
            }
        }
        reactor.run()
        #expect(probe.received == Array("onetwo".utf8))
        #expect(!probe.isOpen)
        #expect(reactor.descriptorCount == 0)
    }

    /// A deadline that is moved back costs no second entry, and still comes only when it is due.
    @Test func deadlinesAreKeptWhenTheyMove() throws {
        let reactor = try Reactor()
        let timer = Probe(reactor, -1)
        reactor.addTimer(timer)
        let first = reactor.now.advanced(by: .milliseconds(5))
        let last = reactor.now.advanced(by: .milliseconds(40))
        reactor.setDeadline(timer, first)
        reactor.setDeadline(timer, last)
        timer.onEvent = { _ in reactor.poster.stop() }
        reactor.run()
        #expect(timer.deadlines.count == 1)
        #expect(timer.deadlines.allSatisfy { $0 >= last })
    }

    @Test func aDeadlineThatIsClearedNeverComes() throws {
        let reactor = try Reactor()
        let (cleared, kept) = (Probe(reactor, -1), Probe(reactor, -1))
        for timer in [cleared, kept] { reactor.addTimer(timer) }
        reactor.setDeadline(cleared, reactor.now.advanced(by: .milliseconds(2)))
        reactor.clearDeadline(cleared)
        reactor.setDeadline(kept, reactor.now.advanced(by: .milliseconds(20)))
        kept.onEvent = { _ in reactor.poster.stop() }
        reactor.run()
        #expect(cleared.deadlines.isEmpty)
        #expect(kept.deadlines.count == 1)
    }

    /// Each deadline comes once, none early, none lost; those of one wake-up in any order.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func manyDeadlinesComeOnceAndNoneEarly(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let reactor = try Reactor()
        var wanted: [(Probe, MonotonicInstant)] = []
        var order: [MonotonicInstant] = []
        for _ in 0..<200 {
            let timer = Probe(reactor, -1)
            reactor.addTimer(timer)
            var due = reactor.now
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                due = reactor.now.advanced(by: .microseconds(Int.random(in: 0...20_000, using: &random)))
                reactor.setDeadline(timer, due)
            }
            timer.onEvent = { _ in
                order.append(due)
                if order.count == 200 { reactor.poster.stop() }
            }
            wanted.append((timer, due))
        }
        reactor.run()
        #expect(order.count == 200, "seed \(seed)")
        for (timer, due) in wanted {
            #expect(timer.deadlines.count == 1 && timer.deadlines.allSatisfy { $0 >= due }, "seed \(seed)")
        }
    }

    @Test func aParkedConnectionWakesWithWhatWasKeptOfIt() throws {
        let reactor = try Reactor()
        let parker = Parker(reactor)
        reactor.parkingOwner = parker
        let (own, other) = try ReactorTests.pair()
        let probe = Probe(reactor, own)
        #expect(reactor.add(probe))
        let kept = ParkedConnection(peer: PeerAddress(high: 0, low: 0xffff_7f00_0001, port: 5), listener: 3, served: 9)
        reactor.park(probe, kept)
        #expect(!probe.isOpen)
        #expect(reactor.parkedCount == 1)
        ReactorTests.send("back", to: other)
        var got: [UInt8] = []
        parker.onEvent = { woken in
            got = woken.received
            reactor.close(woken)
            reactor.poster.stop()
        }
        reactor.run()
        #expect(got == Array("back".utf8))
        #expect(parker.unparked.map(\.served) == [9])
        #expect(parker.unparked.map(\.listener) == [3])
        #expect(parker.unparked.map(\.peer.text) == ["127.0.0.1"])
        close(other)
    }

    @Test func parkedConnectionsAreClosedOldestFirst() throws {
        let reactor = try Reactor()
        let parker = Parker(reactor)
        reactor.parkingOwner = parker
        var others: [Int32] = []
        for number in 0..<5 {
            let (own, other) = try ReactorTests.pair()
            others.append(other)
            let probe = Probe(reactor, own)
            #expect(reactor.add(probe))
            reactor.park(probe, ParkedConnection(peer: PeerAddress(), listener: 0, served: UInt32(number)))
        }
        #expect(reactor.closeParked(olderThan: 0, most: 2) == 2)
        #expect(parker.closed.map(\.served) == [0, 1])
        #expect(reactor.closeParked(olderThan: 60) == 0)
        #expect(reactor.closeParked(olderThan: 0) == 3)
        #expect(reactor.descriptorCount == 0)
        for other in others {
            var byte: UInt8 = 0
            #expect(read(other, &byte, 1) == 0, "the other end sees the close")
            close(other)
        }
    }

    /// What costs one idle connection is this slot: the promise of the documentation.
    @Test func aSlotIsAtMost64Bytes() {
        #expect(Reactor.bytesPerParkedConnection <= 64)
    }

    @Test func jobsOfOtherThreadsRunOnTheLoop() async throws {
        let counter = Mutex(0)
        let thread = try WorkerThread(name: "test") {
            guard let reactor = try? Reactor() else { return }
            let poster = reactor.poster
            for _ in 0..<100 {
                poster.post {
                    let count = counter.withLock { count in
                        count += 1
                        return count
                    }
                    if count == 100 { poster.stop() }
                }
            }
            reactor.run()
        }
        thread.join()
        #expect(counter.withLock { $0 } == 100)
    }

    @Test(arguments: [
        (0 as UInt64, 0xffff_c000_0201 as UInt64, "192.0.2.1"), (0x2001_0db8_0000_0000, 1, "2001:db8::1"),
        (0, 1, "::1"),
    ])
    func addressesInText(high: UInt64, low: UInt64, text: String) {
        #expect(PeerAddress(high: high, low: low, port: 1).text == text)
    }
}
