/// A value that must never reach a log, an error, a page or `--print`: everything that describes it says `redacted`.
///
/// The one way to the value is `reveal()`, which a reviewer can search for. Two secrets compare in constant time.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package static let placeholder = "redacted"

    private let value: String

    package init(_ value: String) {
        self.value = value
    }

    /// The plain value. Call it at the last moment, where the bytes leave for their destination.
    package func reveal() -> String { value }

    package var isEmpty: Bool { value.isEmpty }
    package var description: String { Secret.placeholder }
    package var debugDescription: String { Secret.placeholder }
    package var customMirror: Mirror { Mirror(self, children: []) }

    package static func == (left: Secret, right: Secret) -> Bool {
        let a = left.value.utf8
        let b = right.value.utf8
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for (x, y) in zip(a, b) { difference |= x ^ y }
        return difference == 0
    }
}
