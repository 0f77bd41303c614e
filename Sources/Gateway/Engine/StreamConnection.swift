import Base
import HTTPWire
import Reactor
import TLSWire

/// A connected socket of a worker, with or without TLS: reading, staged writing, back-pressure. What the bytes mean is its
/// subclasses' (client or upstream, HTTP/1.1 or HTTP/2).
///
/// Arithmetic: one `recv` for each readiness that brings less than the worker's read space (64 KiB), one `send` for each
/// `flush`. Bytes are parsed where `recv` put them and are copied into a buffer of the connection only when a message is
/// not complete. A connection holds no buffer while nothing is in one.
///
/// Reads happen at the top of the loop only (`ready`, `goOn`), never inside the handling of another read, as all
/// connections of a worker share its read space.
class StreamConnection: EventSource {
    /// Above this many unsent bytes the other side is not read any more, below a quarter of it it goes on.
    static let highWatermark = 64 << 10
    static let readsPerTurn = 8

    unowned(unsafe) final let worker: Worker
    final var tls: TLSSession?
    /// What came and could not be used yet.
    final var input: WireBuffer?
    /// What goes to the socket.
    final var output: WireBuffer?
    /// With TLS: what is to be encrypted at the next flush.
    private final var staged: WireBuffer?
    private(set) final var isReadPaused = false
    private final var mayHaveMore = false
    /// The kernel has said that the peer's end follows what is left, and does not say it again.
    private final var endIsNear = false
    private final var sendsNothing = false
    /// What comes is counted and thrown away, undeciphered.
    final var throwsInputAway = false
    private final var isReading = false
    private final var isCongestedNow = false
    final var sawEnd = false
    /// The other end of a tunnel, once the connection has become one.
    final var tunnelPeer: StreamConnection?
    private final var tunnelIdle = Duration.seconds(3600)
    final var bytesIn: UInt64 = 0
    final var bytesOut: UInt64 = 0

    init(worker: Worker, descriptor: Int32) {
        self.worker = worker
        super.init(descriptor: descriptor)
    }

    /// Goes on with another connection's socket, TLS session and bytes, as another protocol. The reactor has put this object
    /// in the other's place.
    final func takeOver(from other: StreamConnection) {
        tls = other.tls
        input = other.input
        output = other.output
        staged = other.staged
        mayHaveMore = other.mayHaveMore
        endIsNear = other.endIsNear
        sawEnd = other.sawEnd
        bytesIn = other.bytesIn
        bytesOut = other.bytesOut
        other.tls = nil
        other.input = nil
        other.output = nil
        other.staged = nil
        worker.reactor.yield(self)
    }

    // MARK: For subclasses

    /// Plain bytes came; returns how many were used. The rest is kept and comes again with more.
    func received(_ bytes: UnsafeRawBufferPointer) -> Int { bytes.count }
    /// Bytes came while `throwsInputAway` is set.
    func threwAway(_ count: Int) {}
    /// The peer sends no more.
    func receivedEnd() { disconnect() }
    /// The connection is broken: by an errno, or (`nil`) by TLS.
    func broke(_ code: Int32?) { disconnect() }
    /// The peer takes nothing any more. What it has sent may still be there to read.
    func sendingBroke(_ code: Int32) { broke(code) }
    /// Unsent bytes have become few again after `isCongested`.
    func drained() {}
    /// Everything has been sent.
    func emptied() {}
    /// The kernel takes no more now.
    func blocked() {}
    /// The first readiness to write.
    func becameWritable() {}
    /// TLS has shaken hands.
    func secured() {}
    /// Closed and forgotten by the reactor.
    func closed() {}

    // MARK: Reading

    final override func ready(_ bits: UInt32) {
        let readiness = Readiness(rawValue: bits)
        if readiness.contains(.writable) {
            becameWritable()
            guard isOpen else { return }
            if output != nil { flush() }
        }
        guard isOpen, readiness.rawValue & Readiness.readableOrEnding.rawValue != 0 else { return }
        mayHaveMore = true
        if readiness.rawValue & Readiness.ending.rawValue != 0 { endIsNear = true }
        readAvailable()
    }

    override func goOn() {
        readAvailable()
    }

    final func pauseReading() {
        isReadPaused = true
    }

    final func resumeReading() {
        guard isReadPaused else { return }
        isReadPaused = false
        if mayHaveMore || input != nil { worker.reactor.yield(self) }
    }

    private func readAvailable() {
        guard !isReading, isOpen else { return }
        isReading = true
        defer { isReading = false }
        if input != nil, !isReadPaused, tls == nil || tls?.isEstablished == true { useInput() }
        var turns = 0
        while mayHaveMore, !isReadPaused, isOpen {
            guard turns < StreamConnection.readsPerTurn else { return worker.reactor.yield(self) }
            turns += 1
            readOnce()
        }
    }

    private func readOnce() {
        let space = worker.readSpace
        switch Socket.read(descriptor, into: space) {
        case .bytes(let count):
            // Less than there was room for: the kernel has no more, and says so when it has.
            if count < space.count, !endIsNear { mayHaveMore = false }
            bytesIn &+= UInt64(count)
            if throwsInputAway { return threwAway(count) }
            took(UnsafeRawBufferPointer(rebasing: space[..<count]))
        case .wouldBlock:
            mayHaveMore = false
        case .end:
            mayHaveMore = false
            sawEnd = true
            receivedEnd()
        case .failed(let code):
            mayHaveMore = false
            broke(code)
        }
    }

    private func took(_ bytes: UnsafeRawBufferPointer) {
        guard let tls else { return use(bytes) }
        let wasEstablished = tls.isEstablished
        let plain = input ?? worker.takeBuffer()
        let sending = output ?? worker.takeBuffer()
        input = plain
        output = sending
        do throws(TLSFault) {
            try tls.receive(bytes, plaintext: plain, ciphertext: sending)
        } catch {
            tlsFailed(error)
            if isOpen {
                flush()
                broke(nil)
            }
            return
        }
        flush()
        guard isOpen else { return }
        if !wasEstablished, tls.isEstablished { secured() }
        guard isOpen else { return }
        useInput()
        if isOpen, tls.hasReceivedCloseNotify, !sawEnd {
            sawEnd = true
            receivedEnd()
        }
    }

    func tlsFailed(_ fault: TLSFault) {}

    private func use(_ bytes: UnsafeRawBufferPointer) {
        if let input, !input.isEmpty {
            input.append(bytes)
            return useInput()
        }
        let used = received(bytes)
        guard isOpen, used < bytes.count else { return releaseInputIfEmpty() }
        let kept = input ?? worker.takeBuffer()
        input = kept
        kept.append(UnsafeRawBufferPointer(rebasing: bytes[used...]))
    }

    private func useInput() {
        guard let input, !input.isEmpty else { return releaseInputIfEmpty() }
        let used = received(input.readable)
        guard isOpen, let input = self.input else { return }
        input.consume(used)
        releaseInputIfEmpty()
    }

    private func releaseInputIfEmpty() {
        guard let input, input.isEmpty else { return }
        self.input = nil
        worker.giveBack(input)
    }

    /// Uses what is kept in `input` once more, at the next turn.
    final func reconsiderInput() {
        if input != nil { worker.reactor.yield(self) }
    }

    // MARK: Writing

    final var unsent: Int { (output?.count ?? 0) + (staged?.count ?? 0) }
    final var isCongested: Bool { isCongestedNow }

    /// Stages bytes; `flush` sends them. Large pieces of a plain connection are sent at once, without a copy.
    final func write(_ bytes: UnsafeRawBufferPointer) {
        guard isOpen, !bytes.isEmpty, !sendsNothing else { return }
        if tls == nil, bytes.count >= 16 << 10, !isCongestedNow { return writeThrough(bytes) }
        staging().append(bytes)
        noteCongestion()
    }

    /// The buffer that `flush` sends, to append to.
    @inline(__always)
    final func staging() -> WireBuffer {
        if tls == nil {
            if let output { return output }
            let buffer = worker.takeBuffer()
            output = buffer
            return buffer
        }
        if let staged { return staged }
        let buffer = worker.takeBuffer()
        staged = buffer
        return buffer
    }

    @inline(__always)
    final func noteCongestion() {
        if unsent > StreamConnection.highWatermark { isCongestedNow = true }
    }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) {
        let before = output?.readable ?? UnsafeRawBufferPointer(start: nil, count: 0)
        let result = Socket.write(descriptor, before, bytes)
        var sent = 0
        switch result {
        case .bytes(let count): sent = count
        case .wouldBlock, .end: break
        case .failed(let code): return sendingBroke(code)
        }
        bytesOut &+= UInt64(sent)
        let ofBefore = min(sent, before.count)
        if ofBefore > 0 { output?.consume(ofBefore) }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[(sent - ofBefore)...])
        if !rest.isEmpty { staging().append(rest) }
        releaseOutputIfEmpty()
        noteCongestion()
    }

    /// Sends what is staged, as far as the kernel takes it.
    final func flush() {
        guard isOpen else { return }
        if sendsNothing { return dropOutput() }
        if let staged, let tls, tls.isEstablished {
            let sending = output ?? worker.takeBuffer()
            output = sending
            self.staged = nil
            defer { worker.giveBack(staged) }
            do throws(TLSFault) {
                try tls.send(staged.readable, ciphertext: sending)
            } catch {
                return broke(nil)
            }
        }
        guard let output, !output.isEmpty else {
            releaseOutputIfEmpty()
            return
        }
        switch Socket.write(descriptor, output.readable) {
        case .bytes(let count):
            bytesOut &+= UInt64(count)
            output.consume(count)
        case .wouldBlock, .end: break
        case .failed(let code): return sendingBroke(code)
        }
        releaseOutputIfEmpty()
        let left = unsent
        if isCongestedNow {
            if left <= StreamConnection.highWatermark / 4 {
                isCongestedNow = false
                tunnelPeer?.resumeReading()
                drained()
            }
        } else if left > StreamConnection.highWatermark {
            isCongestedNow = true
        }
        guard isOpen else { return }
        if left == 0 { sentAll() } else { blocked() }
    }

    /// From now on nothing is sent, and what the peer has said is read to its end.
    final func onlyRead() {
        sendsNothing = true
        dropOutput()
        mayHaveMore = true
        endIsNear = true
        worker.reactor.yield(self)
    }

    private func dropOutput() {
        for buffer in [output, staged] { if let buffer { worker.giveBack(buffer) } }
        output = nil
        staged = nil
        isCongestedNow = false
    }

    private func sentAll() {
        if closeWhenSent { return closeGently() }
        if endAfterSending { finishSending() }
        if isOpen { emptied() }
    }

    /// Closes once everything has been sent.
    final func closeAfterSending() {
        closeWhenSent = true
        flush()
        // Where there was nothing to send, `flush` has not told that all is sent.
        if isOpen, unsent == 0 { closeGently() }
    }

    /// Everything has been sent: says so to TLS's other end, and closes.
    func closeGently() {
        sayGoodbye()
        disconnect()
    }

    /// TLS's close_notify, as far as the socket takes it.
    final func sayGoodbye() {
        guard let tls, isOpen else { return }
        let sending = output ?? worker.takeBuffer()
        output = sending
        tls.close(ciphertext: sending)
        _ = Socket.write(descriptor, sending.readable)
        sending.clear()
        releaseOutputIfEmpty()
    }

    private func releaseOutputIfEmpty() {
        guard let output, output.isEmpty else { return }
        self.output = nil
        worker.giveBack(output)
    }

    // MARK: The end

    /// Closes the socket now. What was not sent is lost.
    final func disconnect() {
        guard isOpen else { return }
        worker.reactor.close(self)
        for buffer in [input, output, staged] { if let buffer { worker.giveBack(buffer) } }
        input = nil
        output = nil
        staged = nil
        tls = nil
        let peer = tunnelPeer
        tunnelPeer = nil
        closed()
        peer?.tunnelPeer = nil
        peer?.tunnelEnded()
    }

    // MARK: Tunnels

    /// From now on bytes go from here to `peer` as they are.
    ///
    /// - Parameter idle: Both close after so long without a byte.
    final func tunnel(to peer: StreamConnection, idle: Duration) {
        tunnelPeer = peer
        tunnelIdle = idle
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: idle))
    }

    /// Passes bytes on; the subclass calls it for what it received while `tunnelPeer` is set.
    final func pass(_ bytes: UnsafeRawBufferPointer, to peer: StreamConnection) -> Int {
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: tunnelIdle))
        worker.reactor.setDeadline(peer, worker.reactor.now.advanced(by: tunnelIdle))
        peer.write(bytes)
        peer.flush()
        if peer.isOpen, peer.isCongested { pauseReading() }
        return bytes.count
    }

    /// Half-closes the other side once everything has gone to it.
    final func passEnd(to peer: StreamConnection) {
        // Half a tunnel does not keep its connections for as long as a whole one.
        let rest = min(tunnelIdle, StreamConnection.halfTunnelIdle)
        for end in [self, peer] {
            end.tunnelIdle = rest
            worker.reactor.setDeadline(end, worker.reactor.now.advanced(by: rest))
        }
        peer.endAfterSending = true
        peer.flush()
        if peer.isOpen, peer.unsent == 0 { peer.finishSending() }
    }

    private static let halfTunnelIdle = Duration.seconds(60)
    private final var endAfterSending = false
    private(set) final var closeWhenSent = false
    private final var hasEndedWriting = false

    private func finishSending() {
        guard !hasEndedWriting else { return }
        hasEndedWriting = true
        sayGoodbye()
        guard isOpen else { return }
        Socket.endWriting(descriptor)
        if sawEnd { disconnect() }
    }

    /// The other side is gone: what it sent still goes out.
    private func tunnelEnded() {
        closeAfterSending()
        if isOpen { worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: .seconds(10))) }
    }
}
