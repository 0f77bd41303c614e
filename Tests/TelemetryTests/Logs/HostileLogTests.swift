import Base
import Logging
import TestKit
import Testing

@testable import Telemetry

/// Whatever a stranger gets into a log stays inside its field of its line.
@Suite(.timeLimit(.minutes(5))) struct HostileLogTests {
    private static let pieces: [String] = [
        "\n", "\r\n", "\r", "\t", "\u{0}", "\u{1b}[31m", "\u{1b}]0;x\u{7}", "\u{7f}", "\u{85}", "\u{9b}2J", "\"", "\\",
        "=",
        " ", "{", "}", "\u{2028}", "\u{2029}", "\u{202e}gpj", "\u{2066}", "\u{200b}", "\u{feff}", "\u{e0041}", "é", "🐦",
        "level=error", "\",\"level\":\"critical", "\n{\"level\":\"info\"}", "\u{ffff}", "a", "\u{300}",
        String(decoding: [0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80] as [UInt8], as: UTF8.self),
    ]

    private static func text(_ random: inout SeededGenerator, longest: Int) -> String {
        (0..<Int.random(in: 0...longest, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
            .joined()
    }

    private static func value(_ random: inout SeededGenerator, depth: Int) -> Logger.MetadataValue {
        switch Int.random(in: 0..<(depth > 8 ? 2 : 4), using: &random) {
        case 0: return .string(text(&random, longest: random.next() % 20 == 0 ? 900 : 6))
        case 1: return .stringConvertible(text(&random, longest: 3))
        case 2: return .array((0..<3).map { _ in value(&random, depth: depth + 1) })
        default: return .dictionary(metadata(&random, depth: depth + 1))
        }
    }

    private static func metadata(_ random: inout SeededGenerator, depth: Int) -> Logger.Metadata {
        var result = Logger.Metadata()
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let key = Bool.random(using: &random) ? "message" : text(&random, longest: 4)
            result[key] = value(&random, depth: depth)
        }
        return result
    }

    private static func lines(_ format: LogFormat, seed: UInt64, count: Int) -> [String] {
        var random = SeededGenerator(seed: seed)
        let output = CapturedOutput()
        let backend = LogBackend(
            configuration: LogConfiguration(format: format), output: output, time: ManualTime(), environment: [:])
        for _ in 0..<count {
            let logger = backend.logger(label: text(&random, longest: 5))
            logger.info("\(text(&random, longest: 200))", metadata: metadata(&random, depth: 0))
        }
        return output.lines
    }

    @Test(arguments: [LogFormat.json, .logfmt])
    func everyLineIsOneBoundedAndClean(format: LogFormat) {
        let lines = HostileLogTests.lines(format, seed: 77, count: 400)
        #expect(lines.count == 400)
        for line in lines {
            #expect(line.utf8.count <= LogRecord.longestLine, "seed 77")
            #expect(line.utf8.last == 10)
            let dirty = line.dropLast().unicodeScalars.contains { LogEscape.isUnsafe($0) }
            #expect(!dirty, "seed 77: \(line.debugDescription)")
        }
    }

    @Test func pythonReadsEveryJSONLineAsOneObject() throws {
        let lines = HostileLogTests.lines(.json, seed: 78, count: 400)
        let outcome = try Tool.run(
            """
            python3 -c '
            import sys, json
            def once(pairs):
                assert len(dict(pairs)) == len(pairs), pairs
                return dict(pairs)
            lines = sys.stdin.buffer.read().decode("utf-8").splitlines()
            for line in lines:
                value = json.loads(line, object_pairs_hook=once)
                assert value["level"] == "info", value
                assert value["timestamp"] == "2023-11-14T22:13:20.000Z", value
                assert isinstance(value["message"], str)
            print(len(lines))
            '
            """, input: [UInt8](lines.joined().utf8))
        #expect(outcome.output == "400\n", "seed 78")
    }

    @Test func escapesComeBackFromPython() throws {
        let output = CapturedOutput()
        let backend = LogBackend(output: output, time: ManualTime(), environment: [:])
        let text = HostileLogTests.pieces.joined()
        backend.logger(label: "x").info("m", metadata: ["k": "\(text)"])
        let outcome = try Tool.run(
            "python3 -c 'import sys,json; sys.stdout.buffer.write(json.load(sys.stdin)[\"k\"].encode())'",
            input: [UInt8](output.lines.joined().utf8))
        #expect(Array(outcome.output.unicodeScalars) == Array(text.unicodeScalars))
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\nb", "a\\nb"), ("\u{1b}[0m", "\\u001b[0m"), ("\u{202e}", "\\u202e"),
        ("\u{e0001}", "\\udb40\\udc01"), ("\u{7f}\u{9f}", "\\u007f\\u009f"), ("é🐦", "é🐦"), ("\"\\", "\\\"\\\\"),
    ])
    func escapesAreThese(text: String, expected: String) {
        var bytes = [UInt8]()
        LogEscape.append(text, limit: 100, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test func longTextIsCutBetweenCharacters() {
        for limit in 3...12 {
            var bytes = [UInt8]()
            LogEscape.append("éé🐦\nabcdef", limit: limit, to: &bytes)
            #expect(bytes.count <= limit)
            #expect(String(validating: bytes, as: UTF8.self)?.hasSuffix("…") == true)
        }
    }
}
