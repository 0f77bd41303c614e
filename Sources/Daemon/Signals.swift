import Base
// A signal source is safe to cancel from any thread; its type just does not say so.
@preconcurrency import Dispatch
import Glibc
import Synchronization

/// What the daemon is told from outside.
package enum DaemonSignal: Sendable, Equatable {
    case reload
    case stop
}

/// SIGHUP → reload; SIGTERM and SIGINT → stop. A second SIGTERM or SIGINT ends the process at once, from a thread of its
/// own: it works even when every other thread is stuck.
package final class SignalWatcher: Sendable {
    package let signals: AsyncStream<DaemonSignal>
    private let sources: [any DispatchSourceSignal]

    /// - Parameter onSecondStop: Ends the process; must not return in production.
    package init(onSecondStop: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "apus.signals")
        // One waiting reload stands for any number of them, and nothing follows a stop, so it is never pushed out.
        let (stream, continuation) = AsyncStream<DaemonSignal>.makeStream(bufferingPolicy: .bufferingNewest(2))
        signals = stream
        let counter = StopCounter()
        signal(SIGPIPE, SIG_IGN)
        // A source is installed by a thread of Dispatch's own. Until then a signal would be ignored: one that came right
        // after "apus started" was lost on a busy machine, and the daemon ran on.
        let installed = DispatchGroup()
        sources = [SIGHUP, SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            installed.enter()
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                guard number != SIGHUP else {
                    if !counter.isPast { continuation.yield(.reload) }
                    return
                }
                if counter.next() == 1 {
                    continuation.yield(.stop)
                } else {
                    onSecondStop()
                }
            }
            source.setRegistrationHandler { installed.leave() }
            source.resume()
            return source
        }
        installed.wait()
    }

    deinit {
        for source in sources { source.cancel() }
    }

    private final class StopCounter: Sendable {
        private let count = Atomic<Int>(0)
        func next() -> Int { count.add(1, ordering: .relaxed).newValue }
        var isPast: Bool { count.load(ordering: .relaxed) > 0 }
    }
}
