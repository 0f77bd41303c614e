import Base
import LogArchive
import Testing

@Suite(.timeLimit(.minutes(2))) struct LineFilterTests {
    private let reference = WallInstant(secondsSince1970: 1_790_000_000)

    private func filter(_ pattern: String) throws(ApusError) -> LineFilter {
        try LineFilter(from: nil, until: nil, pattern: pattern, reference: reference)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func linesComeHoweverTheyAreFed() throws {
        let lines = "one\ntwo\n\ntwo more\nthree\ntwo, unended"
        for size in 1...40 {
            let filter = try filter("two")
            var output: [UInt8] = []
            var rest = Array(lines.utf8)[...]
            while !rest.isEmpty {
                output += filter.feed(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            output += filter.finish()
            #expect(text(output) == "two\ntwo more\ntwo, unended", "pieces of \(size)")
        }
    }

    /// `copytruncate` cuts where a block ends.
    @Test func aLineThatIsCutBetweenSegmentsIsOne() throws {
        let joined = try filter("GET /index")
        #expect(text(joined.feed(Array("a\nGET /in".utf8))) == "")
        #expect(joined.isInsideLine)
        #expect(joined.begin(reference: reference, isContinuing: true) == [])
        #expect(text(joined.feed(Array("dex 200\nb\n".utf8))) == "GET /index 200\n")
        let apart = try filter("GET /in$")
        #expect(apart.feed(Array("GET /in".utf8)) == [])
        #expect(text(apart.begin(reference: reference, isContinuing: false)) == "GET /in")
        #expect(apart.feed(Array("dex 200\n".utf8)) == [])
    }

    /// A line of 5 MiB is judged by its first, passes as a whole, and is never held as a whole.
    @Test(arguments: [(0, true), (2 << 20, false)]) func aLongLineHasABound(place: Int, isTaken: Bool) throws {
        var line = [UInt8](repeating: 0x2E, count: 5 << 20)
        line.replaceSubrange(place..<place + 6, with: Array("needle".utf8))
        line[line.count - 1] = 0x0A
        let filter = try filter("needle")
        var total = 0
        for start in stride(from: 0, to: line.count, by: 256 << 10) {
            let output = filter.feed(Array(line[start..<start + (256 << 10)]))
            #expect(output.count <= (1 << 20) + (256 << 10))
            total += output.count
        }
        #expect(total == (isTaken ? line.count : 0))
        #expect(text(filter.feed(Array("x\na needle\n".utf8))) == "a needle\n", "the next line is one of its own")
    }

    @Test(arguments: [
        String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000),
        String(repeating: "(", count: 51) + "a" + String(repeating: ")", count: 51), "(((a{1,255}){1,255}){1,255})",
        "(a{1,32}){32}", "a{1001}", "a{99999999999999999999}", "(a{500}b{501})", "(ab[]]c{300}|d{400}){2}", "(",
    ])
    func anExpressionThatCostsTooMuchIsRefused(pattern: String) {
        let error = #expect(throws: ApusError.self) { try filter(pattern) }
        #expect(error?.code == "bad-pattern")
        #expect(error?.kind == .usage)
    }

    @Test(arguments: [
        ("^([0-9]{1,3}\\.){3}[0-9]{1,3} ", "10.0.0.1 x"), ("(a|b{2,5})+", "bbb"), ("[^]]x{10}", "axxxxxxxxxx"),
        ("[[:digit:]{(]{3}", "{(1"), ("\\({3}", "((("), ("((((x))))", "x"),
        ("a{1000}", String(repeating: "a", count: 1000)),
    ])
    func usualExpressionsPass(pattern: String, line: String) throws {
        let filter = try filter(pattern)
        #expect(text(filter.feed(Array("\(line)\nnothing\n".utf8))) == line + "\n")
    }
}
