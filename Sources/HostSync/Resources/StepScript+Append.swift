extension StepScript {
    /// Adds what another script does, with its contents: a kind that is made of others puts theirs together.
    mutating func append(_ other: StepScript) {
        let first = contents.count
        for content in other.contents { _ = self.content(content) }
        for line in other.lines {
            // From the last on, so that what was renumbered is not taken for another.
            text(
                other.contents.indices.reversed().reduce(line) { line, index in
                    line.replacing(StepScript.word(index), with: StepScript.word(first + index))
                })
        }
    }

    private static func word(_ index: Int) -> String { "\"$S/\(placeholder)\(index)\"" }
}
