package import Base

/// The share of a processor that each thread may use: after work follows a rest that keeps the share. 1 never rests.
package struct WorkPace: Sendable {
    package let share: Double
    package let time: any TimeSource

    /// - Parameter share: from 0.01 to 1.
    package init(share: Double, time: any TimeSource) {
        self.share = share
        self.time = time
    }

    func work<Result>(_ body: () throws -> Result) async throws -> Result {
        try Task.checkCancellation()
        guard share < 1 else { return try body() }
        let start = time.now()
        let result = try body()
        let worked = start.duration(to: time.now())
        try await time.sleep(for: worked * (1 / share - 1))
        return result
    }
}
