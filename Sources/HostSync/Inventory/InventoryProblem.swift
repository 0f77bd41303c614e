/// Why a piece of an inventory or a pattern cannot be read: one sentence without its place, which the caller knows.
package struct InventoryProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package let message: String

    init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
