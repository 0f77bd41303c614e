package import Base

/// What tells the generations of a log apart.
package enum GenerationStamp: Sendable, Equatable {
    /// `.3`: the higher the older.
    case number(Int)
    /// A moment, and which of several with the same date (1 for the first).
    case time(WallInstant, count: Int)

    /// `-20261128T134500Z-5f2c`: UTC, so that it orders by name whatever the clocks of the place do.
    static func timeText(_ now: WallInstant, _ token: UInt16) -> String {
        let time = CivilTime(localSeconds: now.wholeSeconds)
        let date = time.date
        let digits = String(token, radix: 16)
        return "-\(Padded.text(date.year, 4))\(Padded.text(date.month, 2))\(Padded.text(date.day, 2))"
            + "T\(Padded.text(time.hour, 2))\(Padded.text(time.minute, 2))\(Padded.text(time.second % 60, 2))Z-"
            + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }

    private static let timeFormat = DateFormat("-%Y%m%dT%H%M%SZ-")

    /// `.3` and `-20261128T134500Z-5f2c`, which are the same for every rule.
    static func own(_ text: [UInt8]) -> GenerationStamp? {
        if let number = count(text[...]) { return .number(number) }
        var rest = text[...]
        guard let instant = timeFormat.parse(&rest, calendar: FixedCalendar()), rest.count == 4,
            rest.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return .time(instant, count: 1)
    }

    /// A date by `format`, with `.2` and so on behind it or not.
    static func date(_ text: [UInt8], _ format: DateFormat, _ calendar: any CivilCalendar) -> GenerationStamp? {
        var rest = text[...]
        guard let instant = format.parse(&rest, calendar: calendar) else { return nil }
        if rest.isEmpty { return .time(instant, count: 1) }
        return count(rest).map { .time(instant, count: $0) }
    }

    /// `.3`, at most nine digits.
    private static func count(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.first == UInt8(ascii: "."), (2...10).contains(text.count) else { return nil }
        let digits = text.dropFirst()
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

/// What was done to a generation, by the end of its name.
package struct GenerationSuffixes: Sendable, Equatable {
    /// `.zst`, `.gz`, or that of another compressor.
    package var compression: String?
    package var isEncrypted = false
    /// It is being written, or its writer died.
    package var isPartial = false

    package static let encryption = ".enc"
    package static let partial = ".part"
    static let compressions = [".zst", ".gz", ".xz", ".bz2", ".lz4", ".Z", ".zip"]

    /// What may follow a name, nothing included.
    static let all = ([""] + compressions).flatMap { [$0, $0 + encryption] }

    package static func compression(_ algorithm: CompressSettings.Algorithm?) -> String {
        switch algorithm {
        case .zstd: ".zst"
        case .gzip: ".gz"
        case .none?, nil: ""
        }
    }

    package init(compression: String? = nil, isEncrypted: Bool = false, isPartial: Bool = false) {
        self.compression = compression
        self.isEncrypted = isEncrypted
        self.isPartial = isPartial
    }

    /// The name without any of them.
    static func strip(_ name: String) -> (bare: String, suffixes: GenerationSuffixes) { strips(name)[0] }

    /// The ways to take suffixes off, each at most once and in the order in which they are appended: the one with the most
    /// first, then those with fewer, since the name or the extension of a log may itself end in `.gz`.
    static func strips(_ name: String) -> [(bare: String, suffixes: GenerationSuffixes)] {
        var ways = [(bare: name, suffixes: GenerationSuffixes())]
        func take(_ suffix: String, _ note: (inout GenerationSuffixes) -> Void) {
            guard var way = ways.last, way.bare.hasSuffix(suffix), way.bare.utf8.count > suffix.utf8.count else {
                return
            }
            way.bare.removeLast(suffix.count)
            note(&way.suffixes)
            ways.append(way)
        }
        take(partial) { $0.isPartial = true }
        take(encryption) { $0.isEncrypted = true }
        if let last = ways.last, let end = compressions.first(where: { last.bare.hasSuffix($0) }) {
            take(end) { $0.compression = end }
        }
        return ways.reversed()
    }
}
