import Base
import Glibc
import Reactor
import Resilience
import Settings

/// Makes the list of a group's hosts: each name becomes all addresses that it stands for.
struct HostResolver: Sendable {
    let group: String
    let settings: UpstreamSettings
    let instances: Resilience4jBreakers
    let telemetry: GatewayTelemetry
    let now: MonotonicInstant

    /// Blocks for as long as name servers take.
    ///
    /// - Parameter kept: hosts of before, which go on where address and name are the same.
    /// - Throws: `ApusError` `resolve-failed`.
    func resolve(keeping kept: HostSet?) throws(ApusError) -> HostSet {
        var hosts: [UpstreamHost] = []
        for host in settings.hosts {
            let addresses = try HostResolver.addresses(of: host.address)
            for (address, text) in addresses {
                let isSingle = addresses.count == 1 || text == host.address.description
                let name = isSingle ? host.address.description : "\(host.address) (\(text))"
                let made = make(host, name: name, address: address, text: text)
                let known = kept?.hosts.first { $0.isSame(as: made) }
                hosts.append(known.map { $0.hasSameSettings(as: made) ? $0 : made } ?? made)
            }
        }
        let set = HostSet(hosts)
        guard let kept else { return set }
        for (index, host) in hosts.enumerated() {
            if let old = kept.hosts.firstIndex(where: { $0.isSame(as: host) }) {
                set.board.carry(index, from: kept.board, old)
            } else {
                set.board.joined(index, now: now)
            }
        }
        return set
    }

    private func make(
        _ host: UpstreamHostSettings, name: String, address: SocketAddress, text: String
    ) -> UpstreamHost {
        var serverName = settings.tls?.serverName
        if serverName == nil, case .tcp(let name, _) = host.address { serverName = name }
        let breaker = settings.hostCircuitBreaker?.policy(in: instances).map {
            telemetry.breakers.breaker("\(group)/\(name)", $0, now: now)
        }
        return UpstreamHost(
            name: name, authority: host.address.description, serverName: serverName, address: address,
            addressText: text, key: StableHash.of(text), weight: host.weight, breaker: breaker,
            metrics: HostMetrics(group, name, telemetry.registry))
    }

    static func addresses(of address: NetworkAddress) throws(ApusError) -> [(SocketAddress, String)] {
        switch address {
        case .unix(let path): return [(unix(path), address.description)]
        case .tcp(let host, let port): return try internet(host, port)
        }
    }

    private static func unix(_ path: String) -> SocketAddress {
        var storage = sockaddr_storage()
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &storage) { raw in
            raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            for (index, byte) in bytes.enumerated() where index + 2 < raw.count { raw[index + 2] = byte }
            // The abstract name space begins with a zero.
            if bytes.first == UInt8(ascii: "@") { raw[2] = 0 }
        }
        let isAbstract = bytes.first == UInt8(ascii: "@")
        return SocketAddress(storage: storage, length: socklen_t(2 + bytes.count + (isAbstract ? 0 : 1)))
    }

    private static func internet(_ host: String, _ port: UInt16) throws(ApusError) -> [(SocketAddress, String)] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0, let list else {
            throw ApusError(
                code: "resolve-failed", "cannot resolve \(host): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(list) }
        var found: [(SocketAddress, String)] = []
        for entry in sequence(first: list, next: { $0.pointee.ai_next }) {
            guard let pointer = entry.pointee.ai_addr else { continue }
            let address = SocketAddress(pointer, length: entry.pointee.ai_addrlen)
            let peer = PeerAddress(address.storage)
            let text = NetworkAddress.tcp(host: peer.text, port: peer.port).description
            if !found.contains(where: { $0.1 == text }) { found.append((address, text)) }
        }
        return found
    }
}
