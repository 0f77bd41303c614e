package import Base

/// One descriptor that a `Reactor` watches, and what is to happen when it is ready. Confined to the reactor's thread.
///
/// Readiness is edge-triggered: `ready` comes once for each change, so a source reads until the kernel has no more, or
/// remembers that it stopped before. A source that has been closed is never called again, whatever is still in the list
/// of events that the kernel handed out.
open class EventSource {
    /// The descriptor, owned by the source from `Reactor.add` to `Reactor.close`.
    package final internal(set) var descriptor: Int32
    package final internal(set) var slot: Int32 = -1
    final var isYielded = false
    /// Others hold duplicates of the descriptor: closing ours does not end the kernel's watch over it.
    package final var hasDuplicates = false
    /// The deadline that the timer heap holds for this source; `deadline` may be later (see `Reactor.setDeadline`).
    final var armed = Int64.max
    package final internal(set) var deadline = MonotonicInstant(nanoseconds: .max)

    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Something changed on the descriptor: the bits of `Readiness`, as a plain number since an open method's types must
    /// be public.
    open func ready(_ readiness: UInt32) {}

    /// `deadline` has passed. It is unset before the call.
    open func deadlineReached() {}

    /// The turn that was asked for with `Reactor.yield`.
    open func goOn() {}

    package final var isOpen: Bool { slot >= 0 }
}

/// What epoll(7) said of a descriptor.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32

    @inlinable
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable
    package static var readable: Readiness { Readiness(rawValue: 0x001) }
    @inlinable
    package static var writable: Readiness { Readiness(rawValue: 0x004) }
    @inlinable
    package static var failed: Readiness { Readiness(rawValue: 0x008) }
    @inlinable
    package static var hungUp: Readiness { Readiness(rawValue: 0x010) }
    /// The peer sends no more.
    @inlinable
    package static var peerClosed: Readiness { Readiness(rawValue: 0x2000) }

    /// No more comes, or soon. A number and no list of options: the compiler makes an array of such a list, and a loop over
    /// it, which were 4 % of a gateway's time.
    @inlinable
    package static var ending: Readiness { Readiness(rawValue: 0x2018) }
    @inlinable
    package static var readableOrEnding: Readiness { Readiness(rawValue: 0x2019) }

    static let edgeTriggered: UInt32 = 1 << 31
    static let exclusive: UInt32 = 1 << 28
}
