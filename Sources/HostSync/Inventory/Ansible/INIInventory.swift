import Settings

/// Reads Ansible's INI inventories line by line, as its `ini` plugin does: what stands before the first section belongs
/// to `ungrouped`; sections are `[group]`, `[group:children]` and `[group:vars]`.
struct INIInventory {
    private enum Section {
        case hosts(Int)
        case children(Int)
        case vars(Int, String)
        /// After a section that was complained of: its lines are passed over.
        case unknown
    }

    private let file: String
    private var section = Section.hosts(InventoryBuilder.ungrouped)

    private init(file: String) {
        self.file = file
    }

    static func read(_ bytes: [UInt8], file: String, into builder: inout InventoryBuilder) {
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard let text = String(validating: bytes[start...], as: UTF8.self) else {
            return builder.complaints.add(at: InventoryPlace(file), "this is not UTF-8 text")
        }
        var reader = INIInventory(file: file)
        var line = 0
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            let scalars = Substring(bytes).unicodeScalars
            let indent = scalars.prefix(while: \.properties.isWhitespace).count
            var content = Substring(scalars.dropFirst(indent))
            while let last = content.unicodeScalars.last, last.properties.isWhitespace {
                content = Substring(content.unicodeScalars.dropLast())
            }
            guard let first = content.unicodeScalars.first, first != "#", first != ";" else { continue }
            reader.read(String(content), at: SourcePosition(line: line, column: indent + 1), &builder)
        }
    }

    private mutating func read(_ line: String, at position: SourcePosition, _ builder: inout InventoryBuilder) {
        guard !line.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" }) else {
            return builder.complaints.add(at: InventoryPlace(file, position), "the line holds control characters")
        }
        if line.hasPrefix("["), readSection(line, at: position, &builder) { return }
        switch section {
        case .hosts(let group): readHosts(line, group, at: position, &builder)
        case .children(let group): readChild(line, group, at: position, &builder)
        case .vars(let group, let name): readVariable(line, group, name, at: position, &builder)
        case .unknown: break
        }
    }

    // MARK: Sections

    /// False where the line is none, such as `[2001:db8::1]:22`.
    private mutating func readSection(
        _ line: String, at position: SourcePosition, _ builder: inout InventoryBuilder
    ) -> Bool {
        guard let close = line.firstIndex(of: "]") else { return false }
        let rest = line[line.index(after: close)...].drop { $0 == " " || $0 == "\t" }
        let title = line[line.index(after: line.startIndex)..<close]
        guard rest.isEmpty || rest.hasPrefix("#"), !HostDeclaration.isIPv6(String(title)) else { return false }
        let parts = title.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let place = InventoryPlace(file, SourcePosition(line: position.line, column: position.column + 1))
        section = .unknown
        guard (1...2).contains(parts.count) else {
            let found = InventoryText.quoted(line)
            builder.complaints.add(at: place, "found \(found), wanted [group], [group:children] or [group:vars]")
            return true
        }
        let kind = parts.count == 2 ? parts[1] : "hosts"
        guard ["hosts", "children", "vars"].contains(kind) else {
            let near = Suggestion.sentence(for: kind, among: ["children", "vars", "hosts"])
            let found = InventoryText.quoted(kind)
            builder.complaints.add(at: place, "found the section kind \(found), wanted children or vars\(near)")
            return true
        }
        guard let group = builder.group(parts[0], at: place, isDeclared: kind != "vars") else { return true }
        switch kind {
        case "children": section = .children(group)
        case "vars": section = .vars(group, parts[0])
        default: section = .hosts(group)
        }
        return true
    }

    // MARK: Lines

    private func readHosts(
        _ line: String, _ group: Int, at position: SourcePosition, _ builder: inout InventoryBuilder
    ) {
        let words: [ShellWords.Word]
        do {
            words = try ShellWords.split(line, comments: true)
        } catch {
            return builder.complaints.add(at: InventoryPlace(file, position), error.message)
        }
        guard let pattern = words.first?.text else { return }
        let place = InventoryPlace(file, position, SettingsPath([.key(pattern)]))
        let hosts = builder.addHosts(pattern, to: group, at: InventoryPlace(file, position))
        for word in words.dropFirst() {
            let position = SourcePosition(line: position.line, column: position.column + word.offset)
            guard let equals = word.text.firstIndex(of: "="), equals != word.text.startIndex else {
                // What stands here may be the rest of a password: it is not repeated.
                builder.complaints.add(at: InventoryPlace(file, position, place.path), "wanted name=value")
                continue
            }
            let name = String(word.text[..<equals])
            let written = String(word.text[word.text.index(after: equals)...])
            let value = PythonLiteral.value(written)
            for host in hosts {
                builder.set(name, value, written: written, of: .host(host), at: place.below(name, at: position))
            }
        }
    }

    private func readChild(
        _ line: String, _ group: Int, at position: SourcePosition, _ builder: inout InventoryBuilder
    ) {
        let name = line.prefix { $0 != "#" && !$0.isWhitespace }
        let rest = line[name.endIndex...].drop(while: \.isWhitespace)
        let place = InventoryPlace(file, position)
        guard rest.isEmpty || rest.hasPrefix("#") else {
            let found = InventoryText.quoted(line)
            return builder.complaints.add(at: place, "found \(found), wanted the name of one group")
        }
        guard let child = builder.group(String(name), at: place, isDeclared: false) else { return }
        builder.addChild(child, to: group, at: place)
    }

    private func readVariable(
        _ line: String, _ group: Int, _ groupName: String, at position: SourcePosition,
        _ builder: inout InventoryBuilder
    ) {
        let place = InventoryPlace(file, position, SettingsPath([.key(groupName)]))
        guard let equals = line.firstIndex(of: "=") else {
            return builder.complaints.add(at: place, "wanted name=value")
        }
        let name = String(line[..<equals].reversed().drop(while: \.isWhitespace).reversed())
        guard !name.isEmpty else {
            return builder.complaints.add(at: place, "wanted name=value")
        }
        let written = String(line[line.index(after: equals)...].drop(while: \.isWhitespace))
        let value = PythonLiteral.value(written)
        builder.set(name, value, written: written, of: .group(group), at: place.below(name))
    }
}
