import Settings

/// What `loop` is inside of a `{% for %}`.
enum LoopState {
    static func value(_ index: Int, _ count: Int) -> Value {
        var map = OrderedMap<Value>()
        map.set("index", .integer(index + 1))
        map.set("index0", .integer(index))
        map.set("first", .bool(index == 0))
        map.set("last", .bool(index + 1 == count))
        map.set("length", .integer(count))
        map.set("revindex", .integer(count - index))
        return .map(map)
    }
}
