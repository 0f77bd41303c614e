import Settings

/// Makes of a `resilience4j.circuitbreaker` block what our formats read: keys in camel case, durations with a unit, and
/// in each instance what its `baseConfig` says.
enum Resilience4jRewriting {
    /// Bases of bases; a longer chain, and so each circle, is cut.
    private static let mostBases = 16

    /// Names of resilience4j before 1.0.
    private static let formerNames = [
        "ringBufferSizeInClosedState": "slidingWindowSize",
        "ringBufferSizeInHalfOpenState": "permittedNumberOfCallsInHalfOpenState",
    ]

    /// Keys of the block whose only use is inside Spring.
    private static let springKeys: Set<String> = ["circuitBreakerAspectOrder", "metrics", "tags"]

    @Sendable static func block(_ node: YAMLNode) -> YAMLNode {
        guard let top = withCamelKeys(node).mapping else { return node }
        let configs = entries(of: top["configs"]).mapValues(breaker)
        return mapping(top.entries, at: node) { entry in
            switch entry.key {
            case _ where springKeys.contains(entry.key): nil
            case "configs": each(entry.value) { _, value in merged(breaker(value), configs, fallback: nil) }
            case "instances", "backends":
                each(entry.value) { name, value in
                    merged(breaker(value), configs, fallback: configs[name] ?? configs["default"])
                }
            default: entry.value
            }
        }
    }

    private static func entries(of node: YAMLNode?) -> [String: YAMLNode] {
        let pairs = node?.mapping?.entries.map { ($0.key, $0.value) } ?? []
        return Dictionary(pairs) { _, last in last }
    }

    /// `node` over what its base says, and that over its own base; each value keeps its place in the file.
    ///
    /// - Parameter fallback: the base where `node` names none: the entry of `configs` with its own name, or `default`.
    private static func merged(_ node: YAMLNode, _ configs: [String: YAMLNode], fallback: YAMLNode?) -> YAMLNode {
        guard node.mapping != nil || node.isNull else { return node }
        var chain = [node]
        if node["baseConfig"] == nil, let fallback { chain.append(fallback) }
        while chain.count <= mostBases, let base = chain.last?["baseConfig"]?.text {
            guard let config = configs[base] else { break }
            chain.append(config)
        }
        let pairs = chain.reversed().enumerated().flatMap { place, each in
            (each.mapping?.entries ?? []).filter { $0.key != "baseConfig" || place == chain.count - 1 }
        }
        return YAMLNode(
            .mapping(YAMLMapping(pairs.map { ($0.key, $0.keyPosition, $0.value) })), position: node.position,
            tag: node.tag)
    }

    private static func breaker(_ node: YAMLNode) -> YAMLNode {
        let camel = withCamelKeys(node)
        guard let entries = camel.mapping?.entries else { return node }
        return mapping(entries, at: node) { entry in
            guard let scalar = entry.value.scalar else { return entry.value }
            if entry.key.contains("Duration"), let text = JavaDuration.text(scalar.text) {
                return YAMLNode(
                    .scalar(YAMLScalar(text, isPlain: scalar.isPlain)), position: entry.value.position,
                    tag: entry.value.tag)
            }
            guard entry.key == "slidingWindowType" else { return entry.value }
            let word = scalar.text.uppercased().replacing("-", with: "_")
            return YAMLNode(.scalar(YAMLScalar(word, isPlain: true)), position: entry.value.position)
        }
    }

    private static func withCamelKeys(_ node: YAMLNode) -> YAMLNode {
        guard let entries = node.mapping?.entries else { return node }
        let pairs = entries.map { (key: camel($0.key), keyPosition: $0.keyPosition, value: $0.value) }
        return YAMLNode(.mapping(YAMLMapping(pairs)), position: node.position, tag: node.tag)
    }

    /// `failure-rate-threshold` and `failure_rate_threshold` are `failureRateThreshold` (Spring's relaxed binding).
    static func camel(_ key: String) -> String {
        let words = key.split { $0 == "-" || $0 == "_" }
        guard words.count > 1, let first = words.first else { return formerNames[key] ?? key }
        let name = String(first) + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return formerNames[name] ?? name
    }

    private static func each(_ node: YAMLNode, _ change: (String, YAMLNode) -> YAMLNode) -> YAMLNode {
        guard let entries = node.mapping?.entries else { return node }
        return mapping(entries, at: node) { change($0.key, $0.value) }
    }

    private static func mapping(
        _ entries: [YAMLMapping.Entry], at node: YAMLNode, _ change: (YAMLMapping.Entry) -> YAMLNode?
    ) -> YAMLNode {
        let pairs = entries.compactMap { entry in change(entry).map { (entry.key, entry.keyPosition, $0) } }
        return YAMLNode(.mapping(YAMLMapping(pairs)), position: node.position, tag: node.tag)
    }
}
