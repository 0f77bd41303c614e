import Base
import Glibc
import Settings
import TestKit
import Testing

@testable import Daemon

@Suite struct ListenerPoolTests {
    private let loopback = NetworkAddress.tcp(host: "127.0.0.1", port: 0)

    @Test func aSecondLeaseIsTheSameSocketAndTheLastOneClosesIt() throws {
        let pool = ListenerPool()
        var first: ListenerLease? = try pool.lease(loopback, owner: "admin")
        let bound = try #require(first?.boundAddress)
        var second: ListenerLease? = try pool.lease(loopback, owner: "admin")
        #expect(second?.boundAddress == bound)
        first = nil
        #expect(connects(to: bound), "the second lease keeps it open")
        second = nil
        #expect(!connects(to: bound), "nobody listens any more")
    }

    @Test func waitingConnectionsSurviveTheOneWhoOpenedIt() throws {
        let pool = ListenerPool()
        var old: ListenerLease? = try pool.lease(loopback, owner: "admin")
        let bound = try #require(old?.boundAddress)
        let client = try #require(Client(bound))
        let new = try pool.lease(loopback, owner: "admin")
        old = nil
        let descriptor = try new.duplicate()
        defer { close(descriptor) }
        let accepted = accept(descriptor, nil, nil)
        #expect(accepted >= 0, "the connection that waited is accepted by the successor")
        close(accepted)
        _ = client
    }

    @Test func twoComponentsDoNotShareAnAddress() throws {
        let pool = ListenerPool()
        let lease = try pool.lease(loopback, owner: "admin")
        let address = lease.boundAddress
        let taken = try ListenerPool().lease(.tcp(host: "127.0.0.1", port: 0), owner: "other").boundAddress
        let own = try pool.lease(taken, owner: "admin")
        let error = #expect(throws: ApusError.self) { try pool.lease(taken, owner: "gateway") }
        #expect(error?.message.contains("the component admin does already") == true)
        #expect(throws: ApusError.self) { try ListenerPool().lease(address, owner: "x") }
        _ = own
    }

    @Test func aUnixSocketIsForOwnerAndGroupAndGoesAtTheEnd() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/admin.sock"
        let pool = ListenerPool()
        var lease: ListenerLease? = try pool.lease(.unix(path: path), owner: "admin")
        #expect(lease != nil)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
        lease = nil
        #expect(stat(path, &status) != 0)
    }

    @Test func aSocketFileOfADeadProcessIsReplacedAndALivingOneIsNot() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/admin.sock"
        let living = try ListenerPool().lease(.unix(path: path), owner: "admin")
        #expect(throws: ApusError.self) { try ListenerPool().lease(.unix(path: path), owner: "admin") }
        close(try abandoned(path + "2"))
        _ = try ListenerPool().lease(.unix(path: path + "2"), owner: "admin")
        _ = living
    }

    @Test func aPassedSocketServesItsAddress() throws {
        let outer = ListenerPool()
        let lease = try outer.lease(loopback, owner: "systemd")
        let pool = ListenerPool(inherited: [try lease.duplicate()])
        let inherited = try pool.lease(lease.boundAddress, owner: "admin")
        #expect(inherited.boundAddress == lease.boundAddress)
    }

    /// A bound socket whose owner closed it without removing its file.
    private func abandoned(_ path: String) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        return descriptor
    }

    private func connects(to address: NetworkAddress) -> Bool { Client(address) != nil }
}

/// A TCP connection to a loopback address, or nil when it is refused.
private final class Client {
    private let descriptor: Int32

    init?(_ address: NetworkAddress) {
        guard case .tcp(let host, let port) = address else { return nil }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &target.sin_addr)
        let result = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }
}
