package import Base
import CLinux
package import Glibc

/// System calls on non-blocking stream sockets, each with the outcome as a value; EINTR is repeated.
package enum Socket {
    package enum Outcome: Sendable {
        case bytes(Int)
        /// The kernel has no more (or takes no more) now.
        case wouldBlock
        /// The peer's end, of reads only.
        case end
        case failed(Int32)
    }

    @inline(__always)
    package static func read(_ descriptor: Int32, into space: UnsafeMutableRawBufferPointer) -> Outcome {
        while true {
            let count = recv(descriptor, space.baseAddress, space.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno)
        }
    }

    @inline(__always)
    package static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Outcome {
        while true {
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno)
        }
    }

    /// Both pieces in one call.
    package static func write(
        _ descriptor: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> Outcome {
        guard !second.isEmpty else { return write(descriptor, first) }
        guard !first.isEmpty else { return write(descriptor, second) }
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { vectors in
            vectors[0] = iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
            vectors[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
            var message = msghdr()
            message.msg_iov = vectors.baseAddress
            message.msg_iovlen = 2
            while true {
                let count = sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
                if count >= 0 { return .bytes(count) }
                if errno == EINTR { continue }
                return errno == EAGAIN ? .wouldBlock : .failed(errno)
            }
        }
    }

    /// What waits on a listening socket, or nil with `errno` set.
    static func accept(_ listener: Int32) -> (descriptor: Int32, peer: PeerAddress)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        while true {
            let descriptor = apus_accept(listener, &storage, &length)
            if descriptor >= 0 { return (descriptor, PeerAddress(storage)) }
            if errno != EINTR { return nil }
        }
    }

    /// A socket on its way to `address`; its outcome comes as readiness to write, then `pendingError`.
    package static func connect(to address: SocketAddress) -> Result<Int32, SystemFailure> {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(Int32(address.storage.ss_family), type, 0)
        guard descriptor >= 0 else { return .failure(SystemFailure(code: errno)) }
        if address.isInternet { disableDelay(descriptor) }
        let code = address.withPointer { Glibc.connect(descriptor, $0, $1) }
        if code == 0 || errno == EINPROGRESS || errno == EINTR { return .success(descriptor) }
        let failure = SystemFailure(code: errno)
        Glibc.close(descriptor)
        return .failure(failure)
    }

    /// Zero when the connection stands.
    package static func pendingError(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }

    /// Whether there is something to read, the end included.
    package static func hasInput(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) >= 0
    }

    /// Small messages go at once (TCP_NODELAY).
    package static func disableDelay(_ descriptor: Int32) {
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Ends the sending half.
    package static func endWriting(_ descriptor: Int32) {
        shutdown(descriptor, Int32(SHUT_WR))
    }
}

/// An errno.
package struct SystemFailure: Error, Hashable, Sendable {
    package let code: Int32

    package init(code: Int32) {
        self.code = code
    }
}

/// An address to connect to.
package struct SocketAddress: Sendable {
    package let storage: sockaddr_storage
    package let length: socklen_t

    package init(storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = length
    }

    package init(_ pointer: UnsafePointer<sockaddr>, length: socklen_t) {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(Int(length), $0.count)))
        }
        self.init(storage: storage, length: length)
    }

    package var isInternet: Bool {
        [AF_INET, AF_INET6].contains(Int32(storage.ss_family))
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}

extension SocketAddress {
    /// The same host, another port; a Unix socket stays as it is.
    package func with(port: UInt16) -> SocketAddress {
        var storage = storage
        withUnsafeMutableBytes(of: &storage) { raw in
            // sin_port and sin6_port are at the same place.
            guard isInternet else { return }
            raw.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
        }
        return SocketAddress(storage: storage, length: length)
    }
}
