package import Base

/// What `XMLReader` meets. Names come without their prefix (`s3:Key` is `Key`).
package enum XMLEvent: Sendable, Equatable {
    case start(String)
    case text(String)
    case end(String)
}

/// A small pull reader for the XML that object stores and STS answer with (XML 1.0, without what they never send).
///
/// It refuses document types and so every entity but the five and character numbers; attributes are skipped; comments
/// and processing instructions are no events. Bounds: `limit` bytes, `depth` elements within one another, names of 256
/// bytes.
package struct XMLReader {
    let bytes: [UInt8]
    let depth: Int
    var offset = 0
    var open: [String] = []
    var hasRoot = false
    /// The end of an element that was written as `<a/>`.
    var pendingEnd: String?

    /// - Throws: `ApusError` `xml-invalid`, as `next()` does. The message tells the place and never repeats the text.
    package init(_ bytes: [UInt8], limit: Int = 8 << 20, depth: Int = 16) throws(ApusError) {
        guard bytes.count <= limit else {
            throw ApusError(code: "xml-invalid", "the XML is larger than \(limit) bytes")
        }
        self.bytes = bytes
        self.depth = depth
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    /// Nil at the end, which has seen one whole element.
    package mutating func next() throws(ApusError) -> XMLEvent? {
        if let name = pendingEnd {
            pendingEnd = nil
            return .end(name)
        }
        while offset < bytes.count {
            if bytes[offset] != UInt8(ascii: "<") {
                let text = try text()
                if !open.isEmpty { return .text(text) }
                guard text.utf8.allSatisfy({ $0 <= 0x20 }) else { throw failure("text outside of the element") }
            } else if has("<!--") {
                try skip(past: "-->")
            } else if has("<?") {
                try skip(past: "?>")
            } else if has("<![CDATA[") {
                return .text(try literalText())
            } else if has("<!") {
                throw failure("document types are not read")
            } else if has("</") {
                return try endTag()
            } else {
                return try startTag()
            }
        }
        guard hasRoot, open.isEmpty else { throw failure("it ends early") }
        return nil
    }

    func failure(_ what: String) -> ApusError {
        ApusError(code: "xml-invalid", "the XML is wrong at byte \(offset): \(what)")
    }

    func has(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard bytes.count - offset >= length else { return false }
        return text.withUTF8Buffer { wanted in (0..<length).allSatisfy { bytes[offset + $0] == wanted[$0] } }
    }

    private mutating func skip(past end: StaticString) throws(ApusError) {
        while offset < bytes.count {
            if has(end) {
                offset += end.utf8CodeUnitCount
                return
            }
            offset += 1
        }
        throw failure("it ends early")
    }

    private mutating func literalText() throws(ApusError) -> String {
        guard !open.isEmpty else { throw failure("text outside of the element") }
        offset += 9
        let start = offset
        try skip(past: "]]>")
        guard let text = String(validating: bytes[start..<(offset - 3)], as: UTF8.self) else {
            throw failure("it is not UTF-8")
        }
        return text
    }

    private mutating func text() throws(ApusError) -> String {
        var content = [UInt8]()
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "<") {
            if bytes[offset] == UInt8(ascii: "&") {
                content += try reference()
            } else {
                content.append(bytes[offset])
                offset += 1
            }
        }
        guard let text = String(validating: content, as: UTF8.self) else { throw failure("it is not UTF-8") }
        return text
    }

    private mutating func reference() throws(ApusError) -> [UInt8] {
        guard let end = bytes[offset...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw failure("a reference does not end")
        }
        let name = String(decoding: bytes[(offset + 1)..<end], as: UTF8.self)
        let known = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]
        var text = known[name]
        if text == nil, name.hasPrefix("#") {
            let number = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst())
            text = number.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }.map { String(Character($0)) }
        }
        guard let text else { throw failure("a reference is unknown") }
        offset = end + 1
        return Array(text.utf8)
    }
}
