import Testing

/// `#expect` for the inner loop of a property test, where a hundred thousand of them would take minutes.
func verify(
    _ condition: Bool, _ message: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation
) {
    if !condition { Issue.record(Comment(rawValue: message()), sourceLocation: sourceLocation) }
}
