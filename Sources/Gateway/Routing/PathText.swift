package import Settings

/// Paths of settings as bytes of a request line.
enum PathText {
    /// What RFC 3986 does not allow in a path becomes escapes; escapes that are there stay.
    static func encoded(_ text: some StringProtocol) -> [UInt8] {
        text.utf8.flatMap { byte -> [UInt8] in
            if isPathByte(byte) { return [byte] }
            return [PathByte.percent, PathByte.hexadecimal(byte >> 4), PathByte.hexadecimal(byte & 15)]
        }
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        PathByte.isUnreserved(byte) || "!$&'()*+,;=:@/%".utf8.contains(byte)
    }
}

extension ValueFormat where Value == String {
    /// A path of a URL without query; what it may hold beyond that depends on its key.
    package static var pathPattern: ValueFormat {
        parsed(
            name: "a path", allowed: "beginning with /, without query", pattern: "^/[^?#]*$",
            parse: { text in
                let isPath =
                    text.hasPrefix("/") && text.utf8.count <= PathPattern.longest
                    && text.utf8.allSatisfy {
                        $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
                    }
                return isPath ? text : nil
            },
            render: { $0 })
    }
}
