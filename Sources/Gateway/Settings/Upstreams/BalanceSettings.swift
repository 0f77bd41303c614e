package import Settings

/// Which server of a group gets a request.
package enum BalanceSettings: Hashable, Sendable {
    case roundRobin
    case leastRequests
    case random
    case consistentHash(HashKey)

    /// What is hashed.
    package enum HashKey: Hashable, Sendable {
        case header(String)
        case cookie(String)
        /// The client's address.
        case address
    }
}

extension ValueFormat where Value == BalanceSettings {
    package static var balance: ValueFormat {
        .union([
            UnionCase("roundRobin", .roundRobin, "One after the other, by weight."),
            UnionCase(
                "leastRequests", .leastRequests, "The one of two, drawn at random, that has fewer requests under way."),
            UnionCase("random", .random, "At random, by weight."),
            UnionCase("consistentHash", .hashKey, "The same one for the same key, as long as it is usable.") {
                .consistentHash($0)
            } unwrap: {
                if case .consistentHash(let key) = $0 { key } else { nil }
            },
        ])
    }
}

extension ValueFormat where Value == BalanceSettings.HashKey {
    fileprivate static var hashKey: ValueFormat {
        .union([
            UnionCase("header", .headerName, "The value of this header.") {
                .header($0)
            } unwrap: {
                if case .header(let name) = $0 { name } else { nil }
            },
            UnionCase("cookie", .headerName, "The value of this cookie.") {
                .cookie($0)
            } unwrap: {
                if case .cookie(let name) = $0 { name } else { nil }
            },
            UnionCase("address", .address, "The client's address."),
        ])
    }
}
