package import Base
import Glibc

/// What one look at one mount brought.
package struct MountSample: Sendable, Equatable {
    package let mount: Mount
    package let outcome: Outcome
    /// How long the answer took; the time-out where there was none.
    package let duration: Duration

    package enum Outcome: Sendable, Equatable {
        case figures(FileSystemFigures)
        case failed(SampleError)
        /// Not asked on purpose: an automount trigger.
        case skipped
    }

    package init(mount: Mount, outcome: Outcome, duration: Duration = .zero) {
        self.mount = mount
        self.outcome = outcome
        self.duration = duration
    }

    package var figures: FileSystemFigures? {
        if case .figures(let figures) = outcome { return figures }
        return nil
    }

    package var error: SampleError? {
        if case .failed(let error) = outcome { return error }
        return nil
    }
}

/// Why there are no figures.
package enum SampleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No answer within the time-out; the question is still open.
    case timedOut
    /// An earlier question is still open, so none was asked now.
    case stillStuck(since: WallInstant)
    /// So many questions are open that no further one is asked.
    case tooManyStuck(limit: Int)
    /// Another mount covers it: whatever its point answers is not about it.
    case overMounted
    /// The caller gave up.
    case cancelled
    /// What the system said (errno).
    case system(Int32)
    /// The process that asked ended without an answer.
    case probeDied

    package var description: String {
        switch self {
        case .timedOut: "timed out"
        case .stillStuck(let since): "timed out, stuck since \(since.rfc3339)"
        case .tooManyStuck(let limit): "not asked: \(limit) other mounts are stuck"
        case .overMounted: "over-mounted"
        case .cancelled: "cancelled"
        case .system(let code): Files.reason(code)
        case .probeDied: "the probe ended without an answer"
        }
    }

    package static let notFound = ENOENT

    /// Whether the same question may well be answered a moment later.
    package var mayPass: Bool {
        switch self {
        case .system(let code): code != ENOENT && code != EACCES && code != EPERM && code != ENOTCONN
        case .probeDied: true
        default: false
        }
    }

    /// One word for a label or a rule, from a closed set.
    package var code: String {
        switch self {
        case .timedOut, .stillStuck: "timed-out"
        case .tooManyStuck: "too-many-stuck"
        case .overMounted: "over-mounted"
        case .cancelled: "cancelled"
        case .system: "system"
        case .probeDied: "probe-died"
        }
    }
}
