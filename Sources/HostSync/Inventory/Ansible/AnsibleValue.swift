import Settings

/// Values of Ansible's YAML files, which PyYAML reads by YAML 1.1: there plain `yes` is a boolean and `0755` is octal.
enum AnsibleValue {
    static let vault = "Ansible Vault values are not read; encrypt with age"
    private static let vaultTags: Set<String> = ["!vault", "!vault-encrypted"]

    /// Complains of vaults, wherever in `node` they stand; what stands beside them is read.
    static func of(_ node: YAMLNode, at place: InventoryPlace, _ complaints: inout InventoryComplaints) -> Value {
        if let tag = node.tag, vaultTags.contains(tag) {
            complaints.add(at: place, vault)
            return .null
        }
        switch node.content {
        case .scalar(let scalar): return of(scalar, tag: node.tag)
        case .sequence(let items):
            return .list(
                items.enumerated().map { index, item in
                    of(item, at: place.below(index: index, at: item.position), &complaints)
                })
        case .mapping(let mapping):
            var map = OrderedMap<Value>()
            for entry in mapping.entries {
                map.set(entry.key, of(entry.value, at: place.below(entry.key, at: entry.value.position), &complaints))
            }
            return .map(map)
        }
    }

    /// For values that are not Ansible's: complains of what was copied from there.
    static func refuseVaults(in node: YAMLNode, at place: InventoryPlace, _ complaints: inout InventoryComplaints) {
        if let tag = node.tag, vaultTags.contains(tag) { complaints.add(at: place.moved(to: node.position), vault) }
        for item in node.sequence ?? [] { refuseVaults(in: item, at: place, &complaints) }
        for entry in node.mapping?.entries ?? [] { refuseVaults(in: entry.value, at: place, &complaints) }
    }

    private static func of(_ scalar: YAMLScalar, tag: String?) -> Value {
        // A tag such as !unsafe or !!str leaves the text alone.
        guard scalar.isPlain, tag == nil else { return .string(scalar.text) }
        switch scalar.text {
        case "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
        case "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
        default: return oldInteger(scalar.text).map { .integer($0) } ?? Value(scalar)
        }
    }

    /// `0755`, `0x1F`, `0b101` and `1_000`: nil for what YAML 1.2 reads alike.
    private static func oldInteger(_ text: String) -> Int? {
        var digits = text[...]
        let isNegative = digits.hasPrefix("-")
        if isNegative || digits.hasPrefix("+") { digits = digits.dropFirst() }
        guard let first = digits.utf8.first, (0x30...0x39).contains(first), digits.utf8.count > 1 else { return nil }
        let plain = digits.replacing("_", with: "")
        let value: Int? =
            if plain.hasPrefix("0x") {
                Int(plain.dropFirst(2), radix: 16)
            } else if plain.hasPrefix("0b") {
                Int(plain.dropFirst(2), radix: 2)
            } else if plain.hasPrefix("0") {
                Int(plain, radix: 8)
            } else {
                plain.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(plain) : nil
            }
        return value.map { isNegative ? -$0 : $0 }
    }
}
