package import Settings

extension ValueFormat where Value == String {
    /// A package as any manager names it, with `:architecture` for dpkg.
    package static var packageName: ValueFormat {
        parsed(
            name: "a package's name", allowed: "letters, digits and any of + - . _ : @ after the first",
            pattern: "^[A-Za-z0-9][A-Za-z0-9+._:@-]*$",
            parse: { isPackageWord($0, more: "+._:@-") ? $0 : nil }, render: { $0 })
    }

    /// A version, with one `*` at its end perhaps. A number may stand without quotes, but `1.10` is `1.10` then, too.
    package static var packageVersion: ValueFormat {
        parsed(
            name: "a version", allowed: "such as 1.24.0-1, or 1.24* for any that begins so",
            pattern: "^[A-Za-z0-9][A-Za-z0-9+._:~^-]*[*]?$", numbers: 0...Double.infinity,
            parse: { isPackageWord($0.hasSuffix("*") ? String($0.dropLast()) : $0, more: "+._:~^-") ? $0 : nil },
            render: { $0 })
    }

    private static func isPackageWord(_ text: String, more: String) -> Bool {
        guard (1...200).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) else {
            return false
        }
        return text.utf8.allSatisfy { isAlphanumeric($0) || more.utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}

extension ValueFormat where Value == PackageResource.Refresh {
    /// `true`, `false` or a duration.
    package static var packageRefresh: ValueFormat {
        parsed(
            name: "true, false or a duration", allowed: "such as 1h", pattern: "^(true|false|[0-9].*)$",
            parse: { text in
                switch text {
                case "true": .always
                case "false": .never
                default: DurationText.parse(text).map { .olderThan($0) }
                }
            },
            render: { value in
                switch value {
                case .never: "false"
                case .always: "true"
                case .olderThan(let age): DurationText.render(age)
                }
            })
    }
}
