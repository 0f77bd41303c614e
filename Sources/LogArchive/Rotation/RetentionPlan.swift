package import Base

/// Which generations may be deleted from this host, oldest first, and why.
///
/// What must still be stored is never among them, whatever `keep` says; it counts for `keep` and `keepBytes` all the same.
package struct RetentionPlan: Sendable, Equatable {
    package struct Generation: Sendable, Equatable {
        package var name: String
        package var time: WallInstant
        /// What decides which is the newest; `time`, unless its name says better.
        package var order: WallInstant
        package var bytes: Int64
        /// The rule has an `upload`.
        package var needsStore: Bool
        /// It is stored, and that has been verified.
        package var isStored: Bool

        package init(
            name: String, time: WallInstant, order: WallInstant? = nil, bytes: Int64, needsStore: Bool = false,
            isStored: Bool = false
        ) {
            self.name = name
            self.time = time
            self.order = order ?? time
            self.bytes = bytes
            self.needsStore = needsStore
            self.isStored = isStored
        }

        var mustStay: Bool { needsStore && !isStored }
    }

    package struct Deletion: Sendable, Equatable {
        package let name: String
        package let reason: String
    }

    /// Oldest first.
    package private(set) var deletions: [Deletion] = []
    /// What would be deleted, were it stored. Oldest first.
    package private(set) var held: [Deletion] = []

    /// - Complexity: O(n log n).
    package init(_ generations: [Generation], _ settings: RotateSettings, now: WallInstant) {
        let newestFirst = generations.sorted { ($0.order, $0.name) > ($1.order, $1.name) }
        var bytes = generations.reduce(Int64(0)) { $0.addingReportingOverflow($1.bytes).partialValue }
        for (place, generation) in newestFirst.enumerated().reversed() {
            let tooMany = settings.keepBytes.map { bytes > $0.bytes } == true
            guard
                let reason = RetentionPlan.reason(generation, place: place, settings, now: now)
                    ?? (tooMany ? "there is more than keepBytes, \(settings.keepBytes ?? ByteCount(0))" : nil)
            else { continue }
            let deletion = Deletion(name: generation.name, reason: reason)
            if generation.mustStay {
                held.append(deletion)
            } else {
                deletions.append(deletion)
                bytes -= generation.bytes
            }
        }
    }

    /// - Parameter place: 0 for the newest.
    private static func reason(
        _ generation: Generation, place: Int, _ settings: RotateSettings, now: WallInstant
    ) -> String? {
        if let keep = settings.keep, place >= keep {
            return keep == 0 ? "none is kept" : "\(keep) are kept, and there are \(place) newer ones"
        }
        if let age = settings.keepAge, generation.time.advanced(by: age) < now {
            return "it is older than keepAge"
        }
        let decidesNothing = settings.keep == nil && settings.keepAge == nil && settings.keepBytes == nil
        return decidesNothing && generation.needsStore && generation.isStored
            ? "it is stored, and keep is left out" : nil
    }
}
