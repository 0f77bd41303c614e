import Base
import Glibc
import HTTPWire
import Reactor
import Synchronization
import Telemetry

/// The access log: a line a request, JSON or NCSA's combined format, written in pieces of up to 64 KiB and at least once a
/// second. A file that cannot be written to loses lines, which are counted; requests never wait for it for longer than
/// one write.
final class AccessLog: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        /// A pipe has taken a part of the line with which the buffer begins.
        var isWithinLine = false
    }

    private static let pieceSize = 64 << 10

    private let format: AccessLogSettings.Format
    private let descriptor: Int32
    private let ownsDescriptor: Bool
    /// Pipes and terminals may take nothing for any time.
    private let mayBlock: Bool
    /// What waits for a reader of a pipe; more is lost.
    private static let mostWaiting = 1 << 20
    /// A pipe that is ready takes as much in one piece, without blocking (pipe(7)).
    private static let pipePiece = 4096
    private let state = Mutex(State())
    private let lost: Counter

    /// - Throws: `ApusError` `open-failed`.
    init?(_ settings: AccessLogSettings, _ registry: MetricsRegistry) throws(ApusError) {
        lost = registry.counter(GatewayMetricNames.accessLogLost).with()
        guard settings.format != .off else { return nil }
        format = settings.format
        if let file = settings.file {
            // Without waiting: a FIFO that nobody reads is an error.
            descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640)
            guard descriptor >= 0 else { throw Files.failure("open-failed", "cannot open \(file)") }
            ownsDescriptor = true
        } else {
            descriptor = 1
            ownsDescriptor = false
        }
        var status = stat()
        let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : S_IFREG
        mayBlock = kind == S_IFIFO || kind == S_IFSOCK || isatty(descriptor) == 1
    }

    deinit {
        flush()
        if ownsDescriptor { close(descriptor) }
    }

    func log(_ exchange: Exchange, wall: WallInstant) {
        add(format == .json ? jsonLine(exchange, wall) : combinedLine(exchange, wall))
    }

    /// A line for what came and was no request.
    func logRefused(_ reason: String, status: Int, _ peer: PeerAddress, wall: WallInstant) {
        if format == .combined {
            return add(Array("\(peer.text) - - [\(AccessLog.commonDate(wall))] \"-\" \(status) 0 \"-\" \"-\"\n".utf8))
        }
        var line = Array("{\"time\":\"\(wall.rfc3339)\",\"client\":\"\(peer.text)\",\"status\":\(status)".utf8)
        line += ",\"bytes\":0,\"seconds\":0.000000,\"outcome\":\"refused\",\"reason\":".utf8
        AccessLog.appendJSON(reason, to: &line)
        line += "}\n".utf8
        add(line)
    }

    private func add(_ line: [UInt8]) {
        state.withLock { state in
            state.buffer += line
            if state.buffer.count >= AccessLog.pieceSize { write(&state) }
        }
    }

    func flush() {
        state.withLock { write(&$0) }
    }

    private func write(_ state: inout State) {
        guard !state.buffer.isEmpty else { return }
        if mayBlock { return writeToPipe(&state) }
        do throws(ApusError) {
            try Files.writeAll(state.buffer, to: descriptor, name: "the access log")
        } catch {
            countLost(state.buffer[...])
        }
        state.buffer.removeAll(keepingCapacity: true)
    }

    /// As much as the reader has room for: no request waits for it.
    private func writeToPipe(_ state: inout State) {
        var sent = 0
        while sent < state.buffer.count {
            var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard Glibc.poll(&poll, 1, 0) == 1, poll.revents & Int16(POLLOUT) != 0 || poll.revents == 0 else { break }
            let count = min(AccessLog.pipePiece, state.buffer.count - sent)
            let written = state.buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + sent, count) }
            guard written > 0 else { break }
            sent += written
        }
        if sent > 0 { state.isWithinLine = state.buffer[sent - 1] != UInt8(ascii: "\n") }
        state.buffer.removeFirst(sent)
        guard state.buffer.count > AccessLog.mostWaiting || isBroken else { return }
        // The rest of a line that has begun to go stays.
        let start =
            state.isWithinLine
            ? state.buffer.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? state.buffer.count : 0
        countLost(state.buffer[start...])
        state.buffer.removeSubrange(start...)
    }

    /// Nobody will read any more.
    private var isBroken: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1 && poll.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
    }

    private func countLost(_ lines: ArraySlice<UInt8>) {
        lost.increment(by: UInt64(lines.count { $0 == UInt8(ascii: "\n") }))
    }

    // MARK: Lines

    private func jsonLine(_ exchange: Exchange, _ wall: WallInstant) -> [UInt8] {
        var line = Array("{\"time\":\"".utf8)
        line += wall.rfc3339.utf8
        line += "\",\"client\":\"\(exchange.clientText)\",\"method\":".utf8
        AccessLog.appendJSON(exchange.request.methodText.bytes(in: exchange.headBytes), to: &line)
        line += ",\"host\":".utf8
        AccessLog.appendJSON(exchange.request.authority.bytes(in: exchange.headBytes), to: &line)
        line += ",\"target\":".utf8
        AccessLog.appendJSON(exchange.request.target.bytes(in: exchange.headBytes), to: &line)
        line += ",\"protocol\":\"\(exchange.protocolText)\",\"status\":\(exchange.status)".utf8
        line += ",\"bytes\":\(exchange.responseBytes)".utf8
        line += ",\"seconds\":\(AccessLog.seconds(exchange.startedAt.duration(to: SystemTime().now())))".utf8
        line += ",\"route\":".utf8
        AccessLog.appendJSON(exchange.route.name, to: &line)
        if !exchange.upstreamName.isEmpty {
            line += ",\"upstream\":".utf8
            AccessLog.appendJSON(exchange.upstreamName, to: &line)
        }
        line += ",\"attempts\":\(exchange.attemptCount),\"outcome\":\"\(exchange.outcome.rawValue)\"".utf8
        if let failure = exchange.lastFailure { line += ",\"failure\":\"\(failure.rawValue)\"".utf8 }
        if !exchange.refusal.isEmpty {
            line += ",\"reason\":".utf8
            AccessLog.appendJSON(exchange.refusal, to: &line)
        }
        if let trace = exchange.trace.context { line += ",\"trace\":\"\(trace.traceID)\"".utf8 }
        for (name, known) in [("userAgent", FieldName.userAgent), ("referer", .referer)] {
            guard let field = exchange.request.first(known) else { continue }
            line += ",\"\(name)\":".utf8
            AccessLog.appendJSON(field.value.bytes(in: exchange.headBytes), to: &line)
        }
        line += "}\n".utf8
        return line
    }

    private func combinedLine(_ exchange: Exchange, _ wall: WallInstant) -> [UInt8] {
        var line = Array("\(exchange.clientText) - - [\(AccessLog.commonDate(wall))] \"".utf8)
        let bytes = exchange.headBytes
        AccessLog.appendQuoted(exchange.request.methodText.bytes(in: bytes), to: &line)
        line.append(0x20)
        AccessLog.appendQuoted(exchange.request.target.bytes(in: bytes), to: &line)
        line += " \(exchange.protocolText)\" \(exchange.status) \(exchange.responseBytes) \"".utf8
        appendField(.referer, exchange, to: &line)
        line += "\" \"".utf8
        appendField(.userAgent, exchange, to: &line)
        line += "\"\n".utf8
        return line
    }

    private func appendField(_ known: FieldName, _ exchange: Exchange, to line: inout [UInt8]) {
        guard let field = exchange.request.first(known) else { return line.append(UInt8(ascii: "-")) }
        AccessLog.appendQuoted(field.value.bytes(in: exchange.headBytes), to: &line)
    }

    /// Quotes, backslashes and what is no printable ASCII as `\xNN`, as Apache does.
    private static func appendQuoted(_ bytes: UnsafeRawBufferPointer, to line: inout [UInt8]) {
        for byte in bytes {
            if byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                line.append(byte)
            } else {
                line += "\\x\(String(byte >> 4, radix: 16))\(String(byte & 15, radix: 16))".utf8
            }
        }
    }

    private static func appendJSON(_ text: String, to line: inout [UInt8]) {
        var text = text
        text.withUTF8 { appendJSON(UnsafeRawBufferPointer($0), to: &line) }
    }

    /// A JSON string; bytes above ASCII stand for the code points of Latin-1, so that any header gives a valid line.
    private static func appendJSON(_ bytes: UnsafeRawBufferPointer, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                line.append(UInt8(ascii: "\\"))
                line.append(byte)
            case 0x20...0x7E: line.append(byte)
            default: line += "\\u00\(String(byte >> 4, radix: 16))\(String(byte & 15, radix: 16))".utf8
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    /// Seconds with six decimals.
    private static func seconds(_ duration: Duration) -> String {
        let micros = max(0, duration.wholeNanoseconds / 1000)
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000).\(String(repeating: "0", count: 6 - fraction.utf8.count))\(fraction)"
    }

    /// `10/Oct/2000:13:55:36 +0000`
    private static func commonDate(_ wall: WallInstant) -> String {
        let parts = DateClock.text(wall).split(separator: " ")
        guard parts.count == 6 else { return "-" }
        return "\(parts[1])/\(parts[2])/\(parts[3]):\(parts[4]) +0000"
    }
}

extension Exchange {
    var clientText: String { peer.text }

    var protocolText: String {
        if isHTTP2 { return "HTTP/2.0" }
        return request.minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1"
    }
}
