import Testing

/// A row of the tables: what happens in turn, and what comes of each. Steps are as far apart as `after` says, in
/// seconds.
struct CacheCase: CustomTestStringConvertible, Sendable {
    struct Step: Sendable {
        var after: Int64
        var request: [String]
        var origin: [String]?
        var expected: String
        /// Lines that the client's head must have, or must not have when `!` stands before them.
        var lines: [String] = []
    }

    let name: String
    let steps: [Step]
    var settings: @Sendable (CacheSimulation) -> Void = { _ in }
    var testDescription: String { name }

    init(_ name: String, _ steps: Step..., settings: @escaping @Sendable (CacheSimulation) -> Void = { _ in }) {
        self.name = name
        self.steps = steps
        self.settings = settings
    }

    /// A first response with these fields is asked for again `after` seconds later. `second` is `hit` or what comes of
    /// the origin's 200 without fields.
    static func reuse(
        _ name: String, _ fields: [String], status: Int = 200, after: Int64 = 1, first: String = "miss stored",
        _ second: String, request: [String] = [], again: [String] = [],
        settings: @escaping @Sendable (CacheSimulation) -> Void = { _ in }
    ) -> CacheCase {
        CacheCase(
            name, .get(["GET /a"] + request, ["\(status)"] + fields, first),
            .get(after: after, ["GET /a"] + again, ["200", "Cache-Control: no-store"], second), settings: settings)
    }

    func run() {
        let simulation = CacheSimulation()
        settings(simulation)
        for (index, step) in steps.enumerated() {
            simulation.seconds += step.after
            let outcome = simulation.exchange(step.request, origin: step.origin)
            #expect(outcome.text == step.expected, "step \(index + 1) of \(name): \(outcome.head)")
            let head = "\r\n" + outcome.head + outcome.conditions
            for line in step.lines {
                let isWanted = !line.hasPrefix("!")
                let text = simulation.dated(isWanted ? line : String(line.dropFirst()))
                #expect(head.contains("\r\n\(text)") == isWanted, "step \(index + 1) of \(name): \(line) in \(head)")
            }
        }
    }
}

extension CacheCase.Step {
    static func get(
        after: Int64 = 0, _ request: [String], _ origin: [String]?, _ expected: String, lines: [String] = []
    ) -> Self {
        Self(after: after, request: request, origin: origin, expected: expected, lines: lines)
    }

    /// `GET /a`.
    static func get(after: Int64 = 0, _ origin: [String]?, _ expected: String, lines: [String] = []) -> Self {
        get(after: after, ["GET /a"], origin, expected, lines: lines)
    }
}
