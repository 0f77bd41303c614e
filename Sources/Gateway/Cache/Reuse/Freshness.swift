package import Base
import HTTPWire

/// How old a stored response is and how old it may become (RFC 9111 section 4.2).
package struct Freshness: Sendable {
    /// On this machine; ages count from here.
    let receivedAt: MonotonicInstant
    /// `corrected_initial_age` of section 4.2.3.
    let initialAge: Duration
    let lifetime: Duration
    /// Date of the response, or when it came.
    let date: WallInstant

    init(receivedAt: MonotonicInstant, initialAge: Duration, lifetime: Duration, date: WallInstant) {
        self.receivedAt = receivedAt
        self.initialAge = initialAge
        self.lifetime = lifetime
        self.date = date
    }

    /// - Parameter delay: between the request to the upstream and its answer: age that the answer may have gained on
    ///   its way here.
    init(
        _ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, lifetime: Duration, delay: Duration,
        at moment: CacheMoment
    ) {
        let date = FieldDate.only(.date, head, bytes) ?? moment.wall
        // A sender whose clock is ahead makes its answers no younger than new. Date has whole seconds: what has passed
        // of this one is not age.
        let apparent = moment.wall.wholeSecond.nanosecondsSince1970.subtractingClamped(date.nanosecondsSince1970)
        let corrected = Freshness.ageField(head, bytes) + max(.zero, delay)
        self.init(
            receivedAt: moment.monotonic, initialAge: max(.nanoseconds(max(0, apparent)), corrected),
            lifetime: lifetime,
            date: date)
    }

    package func age(at now: MonotonicInstant) -> Duration {
        initialAge + max(.zero, receivedAt.duration(to: now))
    }

    /// What is left; negative when it is stale.
    package func timeToLive(at now: MonotonicInstant) -> Duration { lifetime - age(at: now) }

    /// Age of the response as it came: the first member of a list, none where that is no number (section 5.1).
    private static func ageField(_ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer) -> Duration {
        guard let field = head.first(.age) else { return .zero }
        var members = ListMembers(field.value.bytes(in: bytes))
        return .seconds(members.next().flatMap(DeltaSeconds.parse) ?? 0)
    }
}
