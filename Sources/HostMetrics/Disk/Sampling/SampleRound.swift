import Base

/// One sample of many mounts, as a value: which are waited for, which wait for a place, which are done.
///
/// The service starts what `startable` gives, tells of each answer and of the time-out, and hands out the samples
/// that come back. Every mount gives exactly one sample.
struct SampleRound {
    enum Start: Equatable {
        /// Ask the mount of this index.
        case probe(Int)
        /// It need not be asked.
        case done(Int, MountSample.Outcome)
    }

    private(set) var waitingToStart: [Int]
    private(set) var pending: Set<Int> = []

    init(count: Int) {
        waitingToStart = Array((0..<count).reversed())
    }

    var isOver: Bool { waitingToStart.isEmpty && pending.isEmpty }

    /// What can start now. Where the book is full, the rest waits for one of *our* probes to end; if none is under way,
    /// all places are taken by stuck ones and the rest fails at once.
    mutating func startable(
        book: inout ProbeBook, now: WallInstant,
        mount: (Int) -> (identity: MountIdentity, outcome: MountSample.Outcome?)
    ) -> [Start] {
        var starts: [Start] = []
        while let index = waitingToStart.last {
            let (identity, outcome) = mount(index)
            if let outcome {
                starts.append(.done(index, outcome))
            } else {
                switch book.begin(identity, now: now) {
                case .start:
                    pending.insert(index)
                    starts.append(.probe(index))
                case .busy(let since):
                    starts.append(.done(index, .failed(.stillStuck(since: since))))
                case .full where pending.isEmpty:
                    starts.append(.done(index, .failed(.tooManyStuck(limit: book.limit))))
                case .full:
                    return starts
                }
            }
            waitingToStart.removeLast()
        }
        return starts
    }

    /// - Returns: False for an answer that nobody waits for any more.
    mutating func answered(_ index: Int) -> Bool {
        pending.remove(index) != nil
    }

    /// The time is over: those asked have timed out, those not asked found no place.
    mutating func ended(limit: Int, cancelled: Bool) -> [(index: Int, error: SampleError)] {
        let asked = pending.sorted().map { ($0, cancelled ? SampleError.cancelled : .timedOut) }
        let unasked = waitingToStart.reversed().map {
            ($0, cancelled ? SampleError.cancelled : .tooManyStuck(limit: limit))
        }
        pending = []
        waitingToStart = []
        return asked + unasked
    }
}
