import Base

extension XMLReader {
    mutating func name() throws(ApusError) -> String {
        let start = offset
        while offset < bytes.count, !" \t\r\n/>=<&\"'".utf8.contains(bytes[offset]) { offset += 1 }
        guard offset > start, offset - start <= 256,
            let name = String(validating: bytes[start..<offset], as: UTF8.self)
        else { throw failure("a name is missing") }
        return name.lastIndex(of: ":").map { String(name[name.index(after: $0)...]) } ?? name
    }

    private mutating func skipSpace() {
        while offset < bytes.count, " \t\r\n".utf8.contains(bytes[offset]) { offset += 1 }
    }

    mutating func startTag() throws(ApusError) -> XMLEvent {
        guard !(hasRoot && open.isEmpty) else { throw failure("a second element") }
        guard open.count < depth else { throw failure("it is nested too deeply") }
        offset += 1
        let name = try name()
        hasRoot = true
        while true {
            skipSpace()
            if has("/>") {
                offset += 2
                pendingEnd = name
                return .start(name)
            }
            if has(">") {
                offset += 1
                open.append(name)
                return .start(name)
            }
            try skipAttribute()
        }
    }

    private mutating func skipAttribute() throws(ApusError) {
        _ = try name()
        skipSpace()
        guard has("=") else { throw failure("an attribute has no value") }
        offset += 1
        skipSpace()
        guard has("\"") || has("'") else { throw failure("an attribute has no value") }
        let quote = bytes[offset]
        guard let end = bytes[(offset + 1)...].firstIndex(of: quote) else { throw failure("it ends early") }
        offset = end + 1
    }

    mutating func endTag() throws(ApusError) -> XMLEvent {
        offset += 2
        let name = try name()
        skipSpace()
        guard has(">"), open.popLast() == name else { throw failure("an end that does not fit") }
        offset += 1
        return .end(name)
    }
}
