import Base
package import Settings

/// Where objects go: `s3://bucket/prefix/`, `oss://bucket/prefix/` or `file:///folder/`.
package enum StoreTarget: Sendable, Equatable {
    /// The prefix is empty or ends in `/`.
    case s3(bucket: String, prefix: String)
    case oss(bucket: String, prefix: String)
    case folder(String)

    /// Nil where `text` is no such target.
    package init?(_ text: String) {
        if let path = text.prefixRemoved("file://") {
            guard path.hasPrefix("/"), path != "/", !path.utf8.contains(0),
                !path.split(separator: "/").contains(where: { $0 == ".." || $0 == "." })
            else { return nil }
            self = .folder(path)
            return
        }
        guard let rest = text.prefixRemoved("s3://") ?? text.prefixRemoved("oss://") else { return nil }
        let bucket = rest.prefix { $0 != "/" }
        var prefix = String(rest[bucket.endIndex...].dropFirst())
        while prefix.hasSuffix("/") { prefix.removeLast() }
        guard StoreTarget.isBucket(bucket), prefix.isEmpty || (try? ObjectKey.check(prefix)) != nil else { return nil }
        if !prefix.isEmpty { prefix += "/" }
        self =
            text.hasPrefix("s3:")
            ? .s3(bucket: String(bucket), prefix: prefix) : .oss(bucket: String(bucket), prefix: prefix)
    }

    package var description: String {
        switch self {
        case .s3(let bucket, let prefix): "s3://\(bucket)/\(prefix)"
        case .oss(let bucket, let prefix): "oss://\(bucket)/\(prefix)"
        case .folder(let path): "file://\(path)"
        }
    }

    /// S3's rule ("Bucket naming rules"), which is OSS's with dots.
    private static func isBucket(_ name: Substring) -> Bool {
        (3...63).contains(name.utf8.count) && !name.hasPrefix("-") && !name.hasSuffix("-") && !name.hasPrefix(".")
            && !name.hasSuffix(".")
            && name.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: ".")
            }
    }
}

extension String {
    fileprivate func prefixRemoved(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}

extension ValueFormat where Value == StoreTarget {
    package static var storeTarget: ValueFormat {
        parsed(
            name: "a target",
            allowed:
                "s3://bucket/prefix/, oss://bucket/prefix/ or file:///folder/; a bucket's name has 3 to 63 of a-z 0-9 . -",
            pattern: "^(s3|oss)://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$|^file:///.+$",
            parse: { StoreTarget($0) }, render: { $0.description })
    }
}
