import Base
import Glibc
import Settings

/// The system calls behind `ListenerPool`.
enum ListeningSocket {
    /// Waiting connections; the kernel cuts it to net.core.somaxconn.
    static let backlog: Int32 = 4096
    /// Who may connect to a Unix socket: its owner and group.
    static let unixMode: mode_t = 0o660

    /// - Parameter sharesPort: Other processes may listen on the same address (SO_REUSEPORT, socket(7)); the kernel deals
    ///   connections out among all.
    static func open(_ address: NetworkAddress, sharesPort: Bool = false) throws(ApusError) -> Int32 {
        switch address {
        case .unix(let path): try openUnix(path)
        case .tcp(let host, let port): try openIP(host: host, port: port, address: address, sharesPort: sharesPort)
        }
    }

    private static func openIP(
        host: String, port: UInt16, address: NetworkAddress, sharesPort: Bool
    ) throws(ApusError) -> Int32 {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host.isEmpty ? "::" : host, String(port), &hints, &list)
        guard code == 0, let first = list else {
            throw ApusError(
                code: "listen-failed", "cannot listen on \(address): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(list) }
        do throws(ApusError) {
            return try open(first.pointee, isEverything: host.isEmpty, sharesPort: sharesPort, name: "\(address)")
        } catch {
            // A kernel without IPv6: everything then means every IPv4 address.
            guard host.isEmpty else { throw error }
            return try openIP(host: "0.0.0.0", port: port, address: address, sharesPort: sharesPort)
        }
    }

    private static func open(
        _ info: addrinfo, isEverything: Bool, sharesPort: Bool, name: String
    ) throws(ApusError) -> Int32 {
        let descriptor = socket(info.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Files.failure("listen-failed", "cannot listen on \(name)") }
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if sharesPort { set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
        if isEverything { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, listen(descriptor, backlog) == 0 else {
            defer { close(descriptor) }
            throw Files.failure("listen-failed", "cannot listen on \(name)")
        }
        return descriptor
    }

    private static func openUnix(_ path: String) throws(ApusError) -> Int32 {
        var address = sockaddr_un()
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw ApusError(code: "listen-failed", "cannot listen on unix:\(path): the path is longer than 107 bytes")
        }
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        withUnsafeMutableBytes(of: &address.sun_path) { name in
            name.copyBytes(from: bytes)
            if isAbstract { name[0] = 0 }
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Files.failure("listen-failed", "cannot listen on unix:\(path)") }
        let length =
            isAbstract
            ? MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count : MemoryLayout<sockaddr_un>.size
        if !isAbstract { removeStale(path, address) }
        // Created without any right for others, so that nobody slips in before chmod.
        let mask = umask(0o117)
        defer { umask(mask) }
        let isListening =
            withSocketAddress(&address) { pointer, _ in bind(descriptor, pointer, socklen_t(length)) } == 0
            && (isAbstract || chmod(path, unixMode) == 0) && listen(descriptor, backlog) == 0
        guard isListening else {
            defer { close(descriptor) }
            throw Files.failure("listen-failed", "cannot listen on unix:\(path)")
        }
        return descriptor
    }

    /// Removes the socket file of a process that died; one that answers is left, and `bind` then says that it is in use.
    private static func removeStale(_ path: String, _ address: sockaddr_un) {
        guard Files.isSocket(path) else { return }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { return }
        defer { close(probe) }
        var address = address
        if withSocketAddress(&address, { connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED { unlink(path) }
    }

    /// The address that a listening socket is bound to; nil for what is no listening stream socket of a known family.
    static func address(of descriptor: Int32) -> NetworkAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let family = withUnsafeMutablePointer(to: &storage) { pointer -> Int32 in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length) == 0 ? Int32($0.pointee.sa_family) : -1
            }
        }
        guard isListening(descriptor) else { return nil }
        return withUnsafeBytes(of: &storage) { bytes in
            switch family {
            case AF_INET:
                let address = bytes.loadUnaligned(as: sockaddr_in.self)
                return .tcp(
                    host: withUnsafeBytes(of: address.sin_addr) { text(AF_INET, $0) },
                    port: UInt16(bigEndian: address.sin_port))
            case AF_INET6:
                let address = bytes.loadUnaligned(as: sockaddr_in6.self)
                return .tcp(
                    host: withUnsafeBytes(of: address.sin6_addr) { text(AF_INET6, $0) },
                    port: UInt16(bigEndian: address.sin6_port))
            case AF_UNIX:
                let path = bytes.dropFirst(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!).prefix { $0 != 0 }
                return path.isEmpty ? nil : .unix(path: String(decoding: path, as: UTF8.self))
            default:
                return nil
            }
        }
    }

    /// An address under which a socket is open already that takes the same connections: `:9900` and systemd's `[::]:9900`.
    static func equivalent(of address: NetworkAddress, in known: some Sequence<NetworkAddress>) -> NetworkAddress {
        guard case .tcp(let host, let port) = address, host.isEmpty || host == "::" || host == "0.0.0.0" else {
            return address
        }
        return known.first { candidate in
            guard case .tcp(let other, port) = candidate else { return false }
            return other == "::" || (other == "0.0.0.0" && host != "::") || other.isEmpty
        } ?? address
    }

    private static func isListening(_ descriptor: Int32) -> Bool {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value == 1
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func text(_ family: Int32, _ address: UnsafeRawBufferPointer) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, address.baseAddress!, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func withSocketAddress(
        _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
