package import Base
import Glibc
import Synchronization

/// One open shell on one host: legs are sent, sections come back. It blocks, and so lives on a thread of its own
/// (`ConversationThread`); `cancel()` may come from any thread and ends it within moments.
///
/// Three descriptors of one child are watched by one poll(2): nothing that the host does or leaves undone can block
/// it beyond its deadline. What the host says on standard error is kept, bounded, for the message of a failure.
package final class Conversation: Sendable {
    /// What a leg may yield in all: a hostile host cannot fill our memory.
    package static let mostBytes = 256 << 20
    private static let mostErrorBytes = 16 << 10

    package let nonce: String
    private let child: pid_t
    private let input: Int32
    private let output: Int32
    private let errors: Int32
    private let wake: Int32
    private let waker: Int32
    private let become: RemoteShell.Become?
    private let mostBytes: Int
    private let readyTimeout: Duration
    private let state: Mutex<State>

    private struct State {
        var parser: FrameParser
        var errorText: [UInt8] = []
        var isReady = false
        var passwordsSent = 0
        var exitCode: Int32?
        var isCancelled = false
        var outputEnded = false
        var sentBytes = 0
        var receivedBytes = 0
    }

    /// Starts the program that `shell` names. Nothing has been said yet.
    ///
    /// - Parameters:
    ///   - mostBytes: What the host may say in all.
    ///   - readyTimeout: How long the way to the far shell may take: connection, handshake, sudo.
    /// - Throws: `ApusError` `spawn-failed`.
    package init(
        _ shell: RemoteShell, nonce: String = Conversation.freshNonce(), mostBytes: Int = Conversation.mostBytes,
        readyTimeout: Duration = .seconds(60)
    ) throws(ApusError) {
        self.mostBytes = mostBytes
        self.readyTimeout = readyTimeout
        self.nonce = nonce
        become = shell.become
        state = Mutex(State(parser: FrameParser(nonce: nonce)))
        let pairs = try Conversation.socketPairs(4)
        defer { for pair in pairs.prefix(3) { close(pair.theirs) } }
        let arguments = shell.arguments(nonce: nonce)
        do throws(ApusError) {
            child = try ProcessSpawn.start(
                arguments[0], arguments, input: pairs[0].theirs, output: pairs[1].theirs, errors: pairs[2].theirs)
        } catch {
            for end in pairs.map(\.ours) + [pairs[3].theirs] { close(end) }
            throw error
        }
        (input, output, errors) = (pairs[0].ours, pairs[1].ours, pairs[2].ours)
        (wake, waker) = pairs[3]
        for end in [input, output, errors, wake, waker] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
    }

    deinit {
        finish(patience: .zero)
        for end in [input, output, errors, wake, waker] { close(end) }
    }

    /// 128 random bits in hexadecimal.
    package static func freshNonce() -> String {
        (0..<4).map { _ in
            let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
            return String(repeating: "0", count: 8 - digits.utf8.count) + digits
        }.joined()
    }

    /// Bytes to and from the host so far.
    package var traffic: (sent: Int, received: Int) { state.withLock { ($0.sentBytes, $0.receivedBytes) } }

    /// Makes the leg that is under way throw, and every later one.
    package func cancel() {
        state.withLock { $0.isCancelled = true }
        var one: UInt8 = 1
        _ = Glibc.send(waker, &one, 1, Int32(MSG_NOSIGNAL))
    }

    /// Sends `payload` and hands out what comes back, until the host says `end`.
    ///
    /// - Parameters:
    ///   - timeout: How long the host may be silent while we wait for it.
    ///   - handle: Takes each event; what it throws ends the conversation.
    /// - Throws: `ApusError` `unreachable`, `authentication-failed`, `host-key-unknown`, `host-key-changed`,
    ///   `become-failed`, `connection-lost`, `host-silent`, `too-much-output`, `cancelled`, and what payload or `handle`
    ///   throw.
    package func leg(
        _ payload: some PayloadSource, timeout: Duration, _ handle: (FrameParser.Event) throws(ApusError) -> Void
    ) throws(ApusError) {
        var payload = payload
        var pending: [UInt8] = []
        var offset = 0
        var isSent = false
        var isOver = false
        var progress = LegProgress()
        var deadline = ContinuousClock.now.advanced(by: patience(timeout))
        while !isOver {
            if state.withLock({ $0.isCancelled }) { throw ConversationFailure.cancelled }
            let maySend = state.withLock { become?.password == nil || $0.isReady }
            if maySend, !isSent, offset == pending.count {
                (pending, offset) = (try payload.next() ?? [], 0)
                isSent = pending.isEmpty
            }
            let wants = maySend && offset < pending.count
            let ready = wait(wants: wants, until: deadline)
            if ready.isEmpty {
                guard ContinuousClock.now < deadline else { throw silence(patience(timeout)) }
                continue
            }
            if ready.contains(.errors) { try readErrors() }
            if ready.contains(.output) {
                try readOutput { event throws(ApusError) in
                    if case .mark("end") = event { isOver = true }
                    if progress.take(event) { deadline = ContinuousClock.now.advanced(by: patience(timeout)) }
                    try handle(event)
                }
                if !isOver, state.withLock({ $0.outputEnded }) { throw lost() }
            }
            if ready.contains(.input), !isOver {
                let count = try send(pending[offset...])
                offset += count
                if count > 0, state.withLock({ $0.isReady }) {
                    deadline = ContinuousClock.now.advanced(by: patience(timeout))
                }
            }
        }
    }

    private func patience(_ timeout: Duration) -> Duration {
        state.withLock { $0.isReady } ? timeout : min(timeout, readyTimeout)
    }

    /// Says good-bye by closing our end, and ends a program that does not go.
    ///
    /// - Returns: Its exit code, nil when it had to be killed.
    @discardableResult
    package func finish(patience: Duration = .seconds(3)) -> Int32? {
        if let code = state.withLock({ $0.exitCode }) { return code }
        shutdown(input, Int32(SHUT_WR))
        let deadline = ContinuousClock.now.advanced(by: patience)
        while ContinuousClock.now < deadline, !state.withLock({ $0.isCancelled }) {
            if let code = ProcessSpawn.poll(child) {
                state.withLock { $0.exitCode = code }
                return code
            }
            drainOutput()
            var end = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
            poll(&end, 1, 5)
        }
        kill(-child, SIGTERM)
        kill(-child, SIGKILL)
        state.withLock { $0.exitCode = ProcessSpawn.wait(for: child) }
        return nil
    }

    // MARK: Descriptors

    private struct Readiness: OptionSet {
        let rawValue: Int
        static let input = Readiness(rawValue: 1)
        static let output = Readiness(rawValue: 2)
        static let errors = Readiness(rawValue: 4)
        static let wake = Readiness(rawValue: 8)
    }

    private func wait(wants: Bool, until deadline: ContinuousClock.Instant) -> Readiness {
        let left = max(.zero, ContinuousClock.now.duration(to: deadline))
        let errorsEnded = state.withLock { $0.exitCode != nil }
        var watched = [
            pollfd(fd: wants ? input : -1, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errorsEnded ? -1 : errors, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = Int32(min(60_000, left / .milliseconds(1))) + 1
        guard poll(&watched, nfds_t(watched.count), milliseconds) > 0 else { return [] }
        var ready: Readiness = []
        for (index, entry) in watched.enumerated() where entry.revents != 0 {
            ready.insert(Readiness(rawValue: 1 << index))
        }
        // A closed stderr is always readable: looking at it again and again would spin.
        if ready == .errors, watched[2].revents & Int16(POLLIN) == 0 { usleep(10_000) }
        return ready
    }

    private func readOutput(_ handle: (FrameParser.Event) throws(ApusError) -> Void) throws(ApusError) {
        var failure: ApusError?
        var total = 0
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
            let count = read(output, buffer.baseAddress, buffer.count)
            guard count != 0 else { return state.withLock { $0.outputEnded = true } }
            guard count > 0 else { return }
            // The parser leaves its lock while the events are handled: they may take time.
            var parser = state.withLock { state in
                state.receivedBytes += count
                total = state.receivedBytes
                return state.parser
            }
            do {
                try parser.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { event in
                    if case .mark("ready") = event { state.withLock { $0.isReady = true } }
                    try handle(event)
                }
            } catch let error as ApusError {
                failure = error
            } catch {
                failure = ApusError(code: "conversation-failed", "the answer was not taken", cause: error)
            }
            state.withLock { $0.parser = parser }
        }
        if let failure { throw failure }
        if total > mostBytes {
            let most = ByteCount(Int64(mostBytes)).humanReadable
            throw ApusError(code: "too-much-output", "the host sent more than \(most)")
        }
    }

    private func readErrors() throws(ApusError) {
        let text: [UInt8] = withUnsafeTemporaryAllocation(byteCount: 8 << 10, alignment: 16) { buffer in
            let count = read(errors, buffer.baseAddress, buffer.count)
            return count > 0 ? Array(buffer[..<count]) : []
        }
        let prompt = Array(RemoteShell.prompt(nonce).utf8)
        let isAsked = state.withLock { state in
            state.errorText += text
            if state.errorText.count > Conversation.mostErrorBytes {
                state.errorText.removeFirst(state.errorText.count - Conversation.mostErrorBytes)
            }
            guard become?.password != nil, let range = state.errorText.firstRange(of: prompt) else { return false }
            state.errorText.removeSubrange(range)
            return true
        }
        if isAsked { try answerPrompt() }
    }

    private func answerPrompt() throws(ApusError) {
        guard let password = become?.password, state.withLock({ $0.passwordsSent == 0 && !$0.isReady }) else {
            throw ConversationFailure.become("the password was refused", detail: errorText)
        }
        state.withLock { $0.passwordsSent = 1 }
        var rest = Array((password.reveal() + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = try send(rest)
            rest = rest.dropFirst(count)
            if count == 0 { _ = wait(wants: true, until: ContinuousClock.now.advanced(by: .seconds(1))) }
        }
    }

    /// - Returns: How many bytes went; 0 when the pipe is full.
    private func send(_ bytes: ArraySlice<UInt8>) throws(ApusError) -> Int {
        let count = bytes.withUnsafeBytes { Glibc.send(input, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count >= 0 {
            state.withLock { $0.sentBytes += count }
            return count
        }
        // EPIPE: the end of the output tells more; it comes next.
        if errno == EAGAIN || errno == EINTR { return 0 }
        if errno == EPIPE {
            usleep(1000)
            return 0
        }
        throw Files.failure("connection-lost", "cannot write to the host")
    }

    private func drainOutput() {
        withUnsafeTemporaryAllocation(byteCount: 8 << 10, alignment: 16) { buffer in
            while read(output, buffer.baseAddress, buffer.count) > 0 {}
            while read(errors, buffer.baseAddress, buffer.count) > 0 {}
        }
    }

    // MARK: Failures

    private var errorText: String {
        String(decoding: state.withLock { $0.errorText }, as: UTF8.self)
    }

    private func lost() -> ApusError {
        // What it said last is still in the pipe.
        let deadline = ContinuousClock.now.advanced(by: .seconds(2))
        var code = ProcessSpawn.poll(child)
        while code == nil, ContinuousClock.now < deadline {
            usleep(2000)
            code = ProcessSpawn.poll(child)
        }
        if let code { state.withLock { $0.exitCode = code } }
        try? readErrors()
        let (isReady, sent) = state.withLock { ($0.isReady, $0.passwordsSent) }
        return ConversationFailure.ended(
            code: code, errors: errorText, wasReady: isReady, become: become, passwordsSent: sent)
    }

    private func silence(_ timeout: Duration) -> ApusError {
        let seconds = Int(timeout.inSeconds.rounded())
        let reason = ConversationFailure.shown(errorText).map { " (\($0))" } ?? ""
        return ApusError(code: "host-silent", "the host said nothing for \(seconds) s\(reason)", canRetry: true)
    }

    /// Sockets and not pipes: they are closed on exec from their first moment on, so that no other host's child, started
    /// by another thread meanwhile, can hold an end of them open; and writing to a closed one raises no signal.
    private static func socketPairs(_ count: Int) throws(ApusError) -> [(ours: Int32, theirs: Int32)] {
        var made: [(ours: Int32, theirs: Int32)] = []
        for _ in 0..<count {
            var ends: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
                let error = Files.failure("spawn-failed", "cannot make a pair of sockets")
                for pair in made { for end in [pair.ours, pair.theirs] { close(end) } }
                throw error
            }
            made.append((ends[0], ends[1]))
        }
        return made
    }
}

/// What of a host's words is progress. Noise before the shell is there, or beside its sections, buys a host no time; nor does
/// a section that it begins again, or one in which it says a byte now and then.
struct LegProgress {
    private static let piece = 16 << 10
    /// Twice what a site may declare for one host.
    static let mostSections = 200_000
    private var begun: Set<Int> = []
    private var ended: Set<Int> = []
    private var bytes = 0

    mutating func take(_ event: FrameParser.Event) -> Bool {
        switch event {
        case .begin(let number): return begun.count < LegProgress.mostSections && begun.insert(number).inserted
        case .end(let number, _): return ended.count < LegProgress.mostSections && ended.insert(number).inserted
        case .mark(let word): return word == "ready" || word == "end"
        case .bytes(_, let piece):
            bytes += piece.count
            guard bytes >= LegProgress.piece else { return false }
            bytes = 0
            return true
        }
    }
}
