package import Base

/// A CPU profile as pprof's profile.proto describes it: for each distinct stack, how many samples and how much CPU time.
///
/// The output is stable: stacks, mappings and functions are numbered in an order that depends on the content alone.
package struct PprofProfile: Sendable {
    /// Addresses from the innermost frame outwards → number of samples.
    package var stacks: [[UInt64]: Int]
    package var symbols: [UInt64: Symbol]
    /// CPU time between two samples.
    package var period: Duration
    package var start: WallInstant
    package var duration: Duration
    package var comments: [String]

    package init(
        stacks: [[UInt64]: Int], symbols: [UInt64: Symbol], period: Duration, start: WallInstant, duration: Duration,
        comments: [String]
    ) {
        self.stacks = stacks
        self.symbols = symbols
        self.period = period
        self.start = start
        self.duration = duration
        self.comments = comments
    }

    /// The message, not compressed.
    package func encoded() -> [UInt8] {
        var encoder = Encoder(profile: self)
        return encoder.encode()
    }
}

/// Field numbers are those of profile.proto.
private struct Encoder {
    let profile: PprofProfile
    private var writer = ProtobufWriter()
    private var strings = Numbering<String>(first: "")
    private var mappings = Numbering<MemoryMapping>()
    private var functions = Numbering<Function>()
    private var locations = Numbering<UInt64>()

    private struct Function: Hashable {
        let name: String
        let mangledName: String
        let file: String
    }

    init(profile: PprofProfile) {
        self.profile = profile
    }

    mutating func encode() -> [UInt8] {
        valueType(1, "samples", "count")
        valueType(1, "cpu", "nanoseconds")
        let stacks = profile.stacks.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        for (stack, count) in stacks { sample(stack, count) }
        for address in locations.items { location(address) }
        for mapping in mappings.items { self.mapping(mapping) }
        for function in functions.items { self.function(function) }
        writer.integer(9, profile.start.nanosecondsSince1970)
        writer.integer(10, profile.duration.wholeNanoseconds)
        valueType(11, "cpu", "nanoseconds")
        writer.integer(12, profile.period.wholeNanoseconds)
        writer.packed(13, profile.comments.map { strings.number($0) })
        for text in strings.items { writer.string(6, text) }
        return writer.bytes
    }

    private mutating func valueType(_ field: Int, _ type: String, _ unit: String) {
        let (type, unit) = (strings.number(type), strings.number(unit))
        writer.message(field) { message in
            message.integer(1, type)
            message.integer(2, unit)
        }
    }

    private mutating func sample(_ stack: [UInt64], _ count: Int) {
        let identifiers = stack.map { locations.number($0) + 1 }
        let nanoseconds = UInt64(count) * UInt64(profile.period.wholeNanoseconds)
        writer.message(2) { message in
            message.packed(1, identifiers)
            message.packed(2, [UInt64(count), nanoseconds])
        }
    }

    private mutating func location(_ address: UInt64) {
        let identifier = locations.number(address) + 1
        let symbol = profile.symbols[address]
        let mapping = symbol?.mapping.map { mappings.number($0) + 1 } ?? 0
        let function = symbol?.name.map { name in
            let file = symbol?.mapping?.path ?? ""
            return functions.number(Function(name: name, mangledName: symbol?.mangledName ?? name, file: file)) + 1
        }
        writer.message(4) { message in
            message.integer(1, identifier)
            message.integer(2, mapping)
            message.integer(3, address)
            if let function { message.message(4) { line in line.integer(1, function) } }
        }
    }

    private mutating func mapping(_ mapping: MemoryMapping) {
        let (identifier, path) = (mappings.number(mapping) + 1, strings.number(mapping.path))
        writer.message(3) { message in
            message.integer(1, identifier)
            message.integer(2, mapping.start)
            message.integer(3, mapping.end)
            message.integer(4, mapping.fileOffset)
            message.integer(5, path)
            message.boolean(7, true)  // named already: the reader need not look for our binary
        }
    }

    private mutating func function(_ function: Function) {
        let identifier = functions.number(function) + 1
        let (name, mangled) = (strings.number(function.name), strings.number(function.mangledName))
        writer.message(5) { message in
            message.integer(1, identifier)
            message.integer(2, name)
            message.integer(3, mangled)
        }
    }
}

/// Gives each distinct item the next number, from 0.
private struct Numbering<Item: Hashable> {
    private(set) var items: [Item] = []
    private var numbers: [Item: UInt64] = [:]

    init() {}

    init(first: Item) {
        _ = number(first)
    }

    mutating func number(_ item: Item) -> UInt64 {
        if let known = numbers[item] { return known }
        let next = UInt64(items.count)
        items.append(item)
        numbers[item] = next
        return next
    }
}

/// Lexicographic order of stacks, for a stable output.
private func < (left: (Int, [UInt64]), right: (Int, [UInt64])) -> Bool {
    left.0 != right.0 ? left.0 < right.0 : left.1.lexicographicallyPrecedes(right.1)
}
