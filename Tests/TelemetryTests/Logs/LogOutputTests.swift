import Base
import Glibc
import Testing

@testable import Telemetry

@Suite(.timeLimit(.minutes(5))) struct LogOutputTests {
    private static let line = [UInt8]((String(repeating: "x", count: 4095) + "\n").utf8)

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw Files.failure("pipe-failed", "cannot make a pipe") }
        return (ends[0], ends[1])
    }

    @Test func aFullPipeLosesLinesAndThenRecovers() throws {
        let (read, write) = try LogOutputTests.pipe()
        defer {
            close(read)
            close(write)
        }
        let output = StandardErrorOutput(descriptor: write, stallLimitMilliseconds: 1)
        var written = 0
        while output.write(LogOutputTests.line) { written += 1 }
        #expect(written == 16, "a pipe holds 64 KiB")
        #expect(!output.write(LogOutputTests.line))
        var buffer = [UInt8](repeating: 0, count: 4096)
        #expect(Glibc.read(read, &buffer, buffer.count) == 4096)
        #expect(buffer == LogOutputTests.line)
        #expect(output.write(LogOutputTests.line))
        #expect(!output.write(LogOutputTests.line))
    }

    @Test func aPipeWithoutReaderDoesNotKill() throws {
        let (read, write) = try LogOutputTests.pipe()
        let output = StandardErrorOutput(descriptor: write, stallLimitMilliseconds: 1)
        close(read)
        #expect(!output.write(LogOutputTests.line))
        close(write)
    }

    @Test func aSocketWithoutReaderDoesNotKill() throws {
        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { close(ends[1]) }
        let output = StandardErrorOutput(descriptor: ends[1], stallLimitMilliseconds: 1)
        #expect(output.write(LogOutputTests.line))
        close(ends[0])
        #expect(!output.write(LogOutputTests.line))
    }

    @Test func aClosedDescriptorLosesLines() {
        let output = StandardErrorOutput(descriptor: 999_999, stallLimitMilliseconds: 1)
        #expect(!output.write(LogOutputTests.line))
        #expect(!output.isTerminal)
    }
}
