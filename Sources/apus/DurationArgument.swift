import ArgumentParser
import Settings

/// A duration on the command line, written as in the file: `200ms`, `5s`, `1m30s`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = DurationText.parse(argument), duration > .zero else { return nil }
        self.duration = duration
    }

    var defaultValueDescription: String { DurationText.render(duration) }
}
