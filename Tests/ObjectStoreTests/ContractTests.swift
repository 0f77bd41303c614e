import Base
import ObjectStore
import Testing

/// What every store does, whole objects. See ContractUploadTests for those in parts.
@Suite(.timeLimit(.minutes(5))) struct ContractTests {
    static let oddKeys = [
        "plain", "web-1/access.log-20261128.zst", "a b/c+d", "ünïcödé/日本", "100%/x%20y", "a=b&c;d,e", "q?#[]@!$'()*",
        "~tilde.-_", "colon:and|pipe", "\"quoted\"<&>", "back\\slash", ".hidden/..two/...",
    ]

    @Test(arguments: StoreKind.allCases) func givesBackWhatWasPut(kind: StoreKind) async throws {
        let test = try await kind.make()
        defer { test.keep() }
        for (index, key) in ContractTests.oddKeys.enumerated() {
            let content = someBytes([0, 1, 70_000][index % 3], seed: UInt64(index))
            let receipt = try await test.store.putObject(
                key, content,
                ObjectAttributes(
                    contentType: "text/plain", metadata: [("apus-sha256", "ab cd"), ("apus-n", "\(index)")]))
            let info = try #require(try await test.store.head(key), "\(key)")
            #expect(info.size == content.count && info.eTag == receipt.eTag && info.key == key)
            #expect(!receipt.eTag.isEmpty)
            #expect(info.metadata == ["apus-sha256": "ab cd", "apus-n": "\(index)"], "\(key)")
            #expect(
                info.lastModified.map { abs($0.secondsSince1970 - SystemTime().wallNow().secondsSince1970) < 600 }
                    == true)
            #expect(try await test.store.read(key, range: nil) == content, "\(key)")
        }
    }

    @Test(arguments: StoreKind.allCases) func readsRanges(kind: StoreKind) async throws {
        let test = try await kind.make()
        defer { test.keep() }
        let content = someBytes(1000)
        _ = try await test.store.putObject("ranges", content, ObjectAttributes())
        _ = try await test.store.putObject("empty", [], ObjectAttributes())
        for range in [0..<1, 0..<1000, 999..<1000, 10..<10, 500..<5000, 1000..<1001, 7000..<8000] as [Range<Int64>] {
            let expected = content[Int(min(range.lowerBound, 1000))..<Int(min(range.upperBound, 1000))]
            #expect(try await test.store.read("ranges", range: range) == Array(expected), "\(range)")
        }
        #expect(try await test.store.read("empty", range: 0..<10) == [])
        await expectCode("object-too-large") { _ = try await test.store.read("ranges", range: 0..<(17 << 20)) }
        await expectCode("object-missing") { _ = try await test.store.read("nothing", range: nil) }
        await expectCode("object-missing") { _ = try await test.store.read("nothing", range: 0..<3) }
        #expect(try await test.store.head("nothing") == nil)
    }

    @Test(arguments: StoreKind.allCases) func replacesUnlessTold(kind: StoreKind) async throws {
        let test = try await kind.make()
        defer { test.keep() }
        let first = try await test.store.putObject("key", [1], ObjectAttributes(ifAbsent: true))
        await expectCode("object-exists") {
            _ = try await test.store.putObject("key", [2], ObjectAttributes(ifAbsent: true))
        }
        #expect(try await test.store.read("key", range: nil) == [1])
        let second = try await test.store.putObject("key", [3], ObjectAttributes(ifMatch: first.eTag))
        await expectCode("object-exists") {
            _ = try await test.store.putObject("key", [4], ObjectAttributes(ifMatch: first.eTag))
        }
        #expect(first.eTag != second.eTag)
        _ = try await test.store.putObject("key", [5, 5], ObjectAttributes(metadata: [("n", "5")]))
        #expect(try await test.store.read("key", range: nil) == [5, 5])
        #expect(try await test.store.head("key")?.metadata == ["n": "5"])
    }

    @Test(arguments: StoreKind.allCases) func listsInOrderOfBytes(kind: StoreKind) async throws {
        let test = try await kind.make()
        defer { test.keep() }
        let keys = ["a", "a-b", "a.b/c", "b/a", "b/a b", "b/a+b", "b/x/1", "b/x/2", "b0", "c/ü", "c/日", "d&<e>"]
        for key in keys.reversed() { _ = try await test.store.putObject(key, Array(key.utf8), ObjectAttributes()) }
        let order = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }

        let all = try await test.store.list("", after: nil, limit: 1000)
        #expect(all.objects.map(\.key) == order && !all.isCut)
        #expect(all.objects.allSatisfy { $0.size == $0.key.utf8.count && !$0.eTag.isEmpty && $0.lastModified != nil })
        let head = try await test.store.head("b/x/1")
        #expect(all.objects.first { $0.key == "b/x/1" }?.eTag == head?.eTag)

        for limit in [1, 2, 5] {
            var (found, after, isCut) = ([String](), String?.none, true)
            while isCut {
                let page = try await test.store.list("", after: after, limit: limit)
                #expect(page.objects.count <= limit)
                found += page.objects.map(\.key)
                (after, isCut) = (page.objects.last?.key, page.isCut)
            }
            #expect(found == order, "limit \(limit)")
        }
        for (prefix, after) in [("b", nil), ("b/x/", nil), ("b/x", "b/x/1"), ("zz", nil), ("a", "a-b"), ("", "b/x")] {
            let expected = order.filter { key in
                key.utf8.starts(with: prefix.utf8)
                    && after.map { $0.utf8.lexicographicallyPrecedes(key.utf8) } != false
            }
            let page = try await test.store.list(prefix, after: after, limit: 1000)
            #expect(page.objects.map(\.key) == expected, "\(prefix) after \(after ?? "nothing")")
        }
    }

    @Test(arguments: StoreKind.allCases) func deletesOnceAndAgain(kind: StoreKind) async throws {
        let test = try await kind.make()
        defer { test.keep() }
        _ = try await test.store.putObject("x/y/z", [1], ObjectAttributes())
        _ = try await test.store.putObject("x/w", [1], ObjectAttributes())
        try await test.store.delete("x/y/z")
        try await test.store.delete("x/y/z")
        try await test.store.delete("never/was")
        #expect(try await test.store.head("x/y/z") == nil)
        #expect(try await test.store.list("", after: nil, limit: 10).objects.map(\.key) == ["x/w"])
        _ = try await test.store.putObject("x/y/z", [2], ObjectAttributes(ifAbsent: true))
        #expect(try await test.store.read("x/y/z", range: nil) == [2])
    }

    @Test(
        arguments: StoreKind.allCases,
        ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "a\u{0}b", "a\nb", String(repeating: "x", count: 1025)])
    func refusesKeys(kind: StoreKind, key: String) async throws {
        let test = try await kind.make()
        defer { test.keep() }
        let store = test.store
        await expectCode("key-invalid") { _ = try await store.putObject(key, [1], ObjectAttributes()) }
        await expectCode("key-invalid") { _ = try await store.head(key) }
        await expectCode("key-invalid") { _ = try await store.read(key, range: nil) }
        await expectCode("key-invalid") { try await store.delete(key) }
        await expectCode("key-invalid") { _ = try await store.beginUpload(key, ObjectAttributes()) }
    }
}

/// The body throws an `ApusError` of that code.
func expectCode(
    _ code: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown in place of \(code)", sourceLocation: sourceLocation)
    } catch let error as ApusError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error) in place of \(code)", sourceLocation: sourceLocation)
    }
}
