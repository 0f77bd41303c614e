import Gateway
import TestKit
import Testing

@Suite struct PathNormalizerTests {
    static func normalized(_ path: String, _ normalizer: PathNormalizer = PathNormalizer()) -> String {
        let bytes = Array(path.utf8)
        var output = [UInt8](repeating: 0xEE, count: max(1, bytes.count))
        let outcome = bytes.withUnsafeBytes { path in
            output.withUnsafeMutableBytes { normalizer.normalize(path, into: $0) }
        }
        switch outcome {
        case .unchanged: return path
        case .rewritten(let count): return String(decoding: output[..<count], as: UTF8.self)
        case .refused(let reason): return "400 \(reason.rawValue)"
        }
    }

    static func normalizer(merge: Bool = true, _ slashes: PathSettings.EscapedSlashes) -> PathNormalizer {
        var settings = PathSettings()
        settings.mergeSlashes = merge
        settings.escapedSlashes = slashes
        return PathNormalizer(settings)
    }

    /// With the defaults: slashes merged, escaped ones refused.
    @Test(
        "brings into one form",
        arguments: [
            ("/", "/"), ("", "/"), ("*", "*"), ("/a/b", "/a/b"), ("/a/b/", "/a/b/"), ("/a;x=1/b", "/a;x=1/b"),
            ("/%61dmin", "/admin"), ("/%7Euser/%2D%5f", "/~user/-_"), ("/%c3%a9", "/%C3%A9"), ("/a%21b", "/a%21b"),
            ("/a//b", "/a/b"), ("//a", "/a"), ("///", "/"), ("/a//", "/a/"),
            ("/./a", "/a"), ("/a/.", "/a/"), ("/a/..", "/"), ("/a/../b", "/b"), ("/a/b/../../c/", "/c/"),
            ("/..", "/"), ("/../../etc", "/etc"), ("/a/%2e%2E/b", "/b"), ("/%2e/a", "/a"), ("/a/.%2e/", "/"),
            ("/a//../b", "/b"), ("/.../a", "/.../a"), ("/.well-known/x", "/.well-known/x"), ("/a/..b", "/a/..b"),
            ("/a/b..", "/a/b.."), ("/public/..;/admin", "400 dot-segment-parameter"),
            ("/.;x/a", "400 dot-segment-parameter"),
            ("/a/%2e%2e;/b", "400 dot-segment-parameter"), ("/..%3b/a", "400 dot-segment-parameter"),
            ("/a%00b", "400 nul-in-path"), ("/a%", "400 malformed-escape"), ("/a%4", "400 malformed-escape"),
            ("/a%zz", "400 malformed-escape"), ("/%%41", "400 malformed-escape"), ("/a%2fb", "400 escaped-slash"),
            ("/a%5Cb", "400 escaped-slash"), ("/a\\b", "400 escaped-slash"), ("/%252e%252e/a", "/%252e%252e/a"),
        ])
    func defaults(_ path: String, _ expected: String) {
        #expect(PathNormalizerTests.normalized(path) == expected)
    }

    @Test(
        "other rules",
        arguments: [
            (true, PathSettings.EscapedSlashes.keep, "/a%2fb\\%5c/%2e%2e/c", "/c"),
            (true, .keep, "/a%2fb\\%5c", "/a%2Fb\\%5C"), (true, .decode, "/a%2fb\\c%5c", "/a/b/c/"),
            (true, .decode, "/x/..%2f..%5cadmin", "/admin"), (true, .decode, "/a/%2F/b", "/a/b"),
            (false, .reject, "/a//b", "/a//b"), (false, .reject, "//", "//"), (false, .reject, "/a//../b", "/a/b"),
            (false, .reject, "/a//..", "/a/"), (false, .decode, "/a%2f%2fb", "/a//b"),
            (false, .keep, "/a/.//b", "/a//b"),
        ])
    func rules(_ merge: Bool, _ slashes: PathSettings.EscapedSlashes, _ path: String, _ expected: String) {
        let normalizer = PathNormalizerTests.normalizer(merge: merge, slashes)
        #expect(PathNormalizerTests.normalized(path, normalizer) == expected)
    }

    @Test(
        "its form is final, and has neither dot segments nor escapes of unreserved characters",
        arguments: UInt64(1)...20)
    func isIdempotent(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces = ["/", "/", ".", "..", "a", "%2e", "%2E", "%61", "%2f", "\\", ";", "%", "%5c", "%3B", "//", "b~"]
        for _ in 0..<200 {
            let path =
                "/"
                + (0..<Int.random(in: 0...10, using: &generator))
                .compactMap { _ in pieces.randomElement(using: &generator) }.joined()
            let merge = Bool.random(using: &generator)
            let slashes = PathSettings.EscapedSlashes.allCases.randomElement(using: &generator) ?? .keep
            let normalizer = PathNormalizerTests.normalizer(merge: merge, slashes)
            let once = PathNormalizerTests.normalized(path, normalizer)
            guard once.hasPrefix("/") else { continue }
            let segments = once.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            let isFinal = PathNormalizerTests.normalized(once, normalizer) == once
            let hasDots = segments.contains(".") || segments.contains("..")
            let hasEscapes = ["%2e", "%2E", "%61"].contains { once.contains($0) }
            guard isFinal, !hasDots, !hasEscapes, !(merge && once.contains("//")) else {
                Issue.record("seed \(seed): \(path), merge \(merge), slashes \(slashes) gives \(once)")
                return
            }
        }
    }

    @Test("no spelling of a path passes its route by", arguments: UInt64(1)...20)
    func spellings(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let admin = RouteMatch(hosts: [], path: try PathPattern(.prefix, "/admin/users"))
        let router = Router([RouteMatch(hosts: [], path: try PathPattern(.prefix, "/")), admin])
        var passed = 0
        for _ in 0..<200 {
            let path = spelled("/admin/users/7", &generator)
            let normal = PathNormalizerTests.normalized(path)
            let answer = RequestText("GET h \(normal)").ask(router).answer
            guard !normal.hasPrefix("400 ") else { continue }
            guard answer == .route(1) else {
                Issue.record("seed \(seed): \(path) is \(normal)")
                return
            }
            passed += 1
        }
        #expect(passed > 50, "most spellings are not refused")
    }

    /// The same place in other words: escapes, repeated slashes, detours by dot segments.
    private func spelled(_ path: String, _ generator: inout SeededGenerator) -> String {
        var result = ""
        for byte in path.utf8 {
            let character = String(decoding: [byte], as: UTF8.self)
            if byte == UInt8(ascii: "/") {
                result +=
                    ["/", "/", "//", "/./", "/x/../", "/%2e/", "/x/%2E./", "/..;/../"].randomElement(using: &generator)
                    ?? "/"
            } else if Int.random(in: 0..<4, using: &generator) == 0 {
                result += "%" + String(byte, radix: 16, uppercase: Bool.random(using: &generator))
            } else {
                result += character
            }
        }
        return result
    }
}
