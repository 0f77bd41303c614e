package import Base

/// Which probes are under way: at most one for a mount, and at most `limit` in all.
///
/// A probe that hangs stays in the book until the kernel answers it, for months if need be, and keeps its mount from
/// being asked again. That is what bounds the threads and processes that a host full of dead NFS mounts can cost.
package struct ProbeBook: Sendable, Equatable {
    package static let defaultLimit = 64

    package enum Decision: Sendable, Equatable {
        case start
        /// One is under way since then.
        case busy(since: WallInstant)
        case full
    }

    package let limit: Int
    private var startedAt: [MountIdentity: WallInstant] = [:]

    package init(limit: Int = ProbeBook.defaultLimit) {
        self.limit = max(1, limit)
    }

    package var count: Int { startedAt.count }

    package mutating func begin(_ mount: MountIdentity, now: WallInstant) -> Decision {
        if let since = startedAt[mount] { return .busy(since: since) }
        guard startedAt.count < limit else { return .full }
        startedAt[mount] = now
        return .start
    }

    package mutating func end(_ mount: MountIdentity) {
        startedAt[mount] = nil
    }
}
