import Base
import Glibc
import TestKit
import Testing

/// A server that writes its log all the time (`peers/logs/writer.py`).
final class LogsWriter: Sendable {
    let child: ChildProcess
    let pidFile: String
    private let log: String
    private let lineBytes: Int

    /// - Parameter lineBytes: 0 for lines of 20 to 199 bytes.
    init(_ host: LogsHost, log: String, rate: Int = 2000, lineBytes: Int = 0) async throws {
        self.log = log
        self.lineBytes = lineBytes
        child = try ChildProcess(
            Peers.python, [Peers.script("logs/writer.py"), log, "\(rate)", "\(lineBytes)"], folder: host.out)
        pidFile = "\(host.out)/writer.pid"
        try TextFile.write(pidFile, "\(child.pid)\n")
        let child = child
        try await eventually("the writer writes") { child.output.contains("ready\n") || child.hasEnded }
    }

    /// Ends it.
    ///
    /// - Returns: Every byte that it has written.
    func end() async throws -> String {
        child.signal(SIGTERM)
        let code = await child.wait()
        try #require(code == 0, "the writer: \(child.errors)")
        let count = try #require(Int(child.output.split(separator: "\n").last ?? ""))
        try #require(count > 0)
        var text: [UInt8] = []
        for number in 0..<count { append(number, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// As `line` of writer.py.
    private func append(_ number: Int, to text: inout [UInt8]) {
        let size = lineBytes == 0 ? 20 + number * 7 % 180 : lineBytes
        let digits = Array("\(number)".utf8)
        var line = [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 9 - digits.count)) + digits + [UInt8(ascii: " ")]
        while line.count < size - 1 {
            let word = (number * 2_654_435_761 + line.count) % 4_294_967_296
            let hexadecimal = Array(String(word, radix: 16).utf8)
            line += [UInt8](repeating: UInt8(ascii: "0"), count: 8 - hexadecimal.count) + hexadecimal
        }
        text += line.prefix(size - 1) + [UInt8(ascii: "\n")]
    }
}

/// Nothing lost, nothing twice, nothing out of order: where two texts that should be one differ.
func expectSame(
    _ found: String, _ written: String, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    let (left, right) = (Array(found.utf8), Array(written.utf8))
    guard left != right else { return }
    let same = zip(left, right).prefix { $0 == $1 }.count
    func near(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.dropFirst(max(0, same - 30)).prefix(90), as: UTF8.self)
    }
    Issue.record(
        """
        \(what): \(right.count) bytes were written, \(left.count) are there, the same up to byte \(same): \
        '\(near(left))' in place of '\(near(right))'
        """, sourceLocation: sourceLocation)
}
