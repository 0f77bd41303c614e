import Base
import TestKit

@testable import Gateway

/// An upstream host with moods.
struct SimulatedHost {
    enum Mood: CaseIterable {
        case well
        /// Answers after three quarters of a second, and some not in time.
        case slow
        /// Half of the answers are 500 or 503.
        case failing
        /// Refuses connections.
        case down
        /// Takes requests and never answers.
        case hanging
    }

    /// What a try of a request comes to, and after how long.
    struct Answer {
        /// Nil: 200.
        let failure: FailureKind?
        let latency: Duration
    }

    static let perTryTimeout = Duration.seconds(1)

    var mood = Mood.well

    func answer(_ generator: inout SeededGenerator) -> Answer {
        let latency = Duration.milliseconds(Int.random(in: 5...15, using: &generator))
        // The usual race with the idle time-out, in any mood.
        if Int.random(in: 0..<500, using: &generator) == 0 {
            return Answer(failure: .staleConnection, latency: latency)
        }
        switch mood {
        case .well:
            return Answer(failure: nil, latency: latency)
        case .slow:
            let long = Duration.milliseconds(Int.random(in: 400...1100, using: &generator))
            return long < SimulatedHost.perTryTimeout
                ? Answer(failure: nil, latency: long)
                : Answer(failure: .perTryTimeout, latency: SimulatedHost.perTryTimeout)
        case .failing:
            let status = [200, 200, 500, 503].randomElement(using: &generator) ?? 500
            return Answer(failure: status == 200 ? nil : .status(status), latency: latency)
        case .down:
            return Answer(failure: .connectFailure, latency: .milliseconds(1))
        case .hanging:
            return Answer(failure: .perTryTimeout, latency: SimulatedHost.perTryTimeout)
        }
    }

    /// An active check, with a time-out of half a second.
    func passesCheck(_ generator: inout SeededGenerator) -> Bool {
        switch mood {
        case .well: true
        case .slow: Bool.random(using: &generator)
        case .failing: Bool.random(using: &generator)
        case .down, .hanging: false
        }
    }
}
