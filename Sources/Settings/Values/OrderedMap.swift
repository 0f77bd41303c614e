/// Values by name in the order in which they were added: what `ValueFormat.map(of:)` reads. Lookup costs what a
/// dictionary's does.
package struct OrderedMap<Value> {
    private var pairs: [(key: String, value: Value)] = []
    private var index: [String: Int] = [:]

    package init() {}

    package var keys: [String] { pairs.map(\.key) }
    package var values: [Value] { pairs.map(\.value) }

    package subscript(key: String) -> Value? {
        index[key].map { pairs[$0].value }
    }

    package mutating func set(_ key: String, _ value: Value) {
        if let place = index[key] {
            pairs[place].value = value
        } else {
            index[key] = pairs.count
            pairs.append((key, value))
        }
    }
}

extension OrderedMap: Sendable where Value: Sendable {}

extension OrderedMap: Equatable where Value: Equatable {
    package static func == (left: OrderedMap, right: OrderedMap) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.key == $1.key && $0.value == $1.value }
    }
}

extension OrderedMap: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { pairs.count }
    package subscript(position: Int) -> (key: String, value: Value) { pairs[position] }
}

extension OrderedMap: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, Value)...) {
        for (key, value) in elements { set(key, value) }
    }
}
