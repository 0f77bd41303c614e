import HTTPWire

/// Methods as bits: those that HTTPWire knows by their number, others that routes name from bit 10 on.
package struct MethodSet: Hashable, Sendable {
    package var bits: UInt64

    package init(bits: UInt64 = 0) { self.bits = bits }

    package static let all = MethodSet(bits: .max)
    package var isEmpty: Bool { bits == 0 }

    func contains(_ method: MethodSet) -> Bool { bits & method.bits != 0 }
    func union(_ other: MethodSet) -> MethodSet { MethodSet(bits: bits | other.bits) }
}

/// The methods of one router: which bit means which.
struct MethodTable: Sendable {
    private static let known: [(name: String, method: Method)] = [
        ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("OPTIONS", .options),
        ("TRACE", .trace), ("PATCH", .patch), ("CONNECT", .connect),
    ]
    private static let firstOther = 10
    /// Names that routes may give beside the known ones, all routes together.
    static let mostOthers = 64 - firstOther

    static func isKnown(_ name: String) -> Bool { known.contains { $0.name == name } }

    private(set) var others: [[UInt8]] = []

    /// GET is for HEAD, too (RFC 9110, section 9.3.2): a server has both. No names are all methods.
    mutating func set(of names: Set<String>) -> MethodSet {
        guard !names.isEmpty else { return .all }
        var set = MethodSet()
        for name in names { set = set.union(bit(of: name)) }
        return names.contains("GET") ? set.union(MethodTable.bit(.head)) : set
    }

    private mutating func bit(of name: String) -> MethodSet {
        if let known = MethodTable.known.first(where: { $0.name == name }) { return MethodTable.bit(known.method) }
        let bytes = Array(name.utf8)
        if let index = others.firstIndex(of: bytes) { return other(index) }
        // The settings refuse a file with more.
        guard others.count < MethodTable.mostOthers else { return MethodSet() }
        others.append(bytes)
        return other(others.count - 1)
    }

    /// The bit of a request's method; an unknown one has none, and so fits only routes for all methods.
    func bit(_ method: Method, _ text: UnsafeRawBufferPointer) -> MethodSet {
        guard method == .other else { return MethodTable.bit(method) }
        for index in others.indices where others[index].count == text.count && text.elementsEqual(others[index]) {
            return other(index)
        }
        return MethodSet()
    }

    /// For Allow (RFC 9110, section 10.2.1).
    func names(of set: MethodSet) -> [String] {
        let known = MethodTable.known.filter { set.contains(MethodTable.bit($0.method)) }.map(\.name)
        let rest = others.indices.filter { set.contains(other($0)) }.map { String(decoding: others[$0], as: UTF8.self) }
        return known + rest
    }

    private static func bit(_ method: Method) -> MethodSet { MethodSet(bits: 1 << UInt64(method.rawValue)) }
    private func other(_ index: Int) -> MethodSet { MethodSet(bits: 1 << UInt64(MethodTable.firstOther + index)) }
}
