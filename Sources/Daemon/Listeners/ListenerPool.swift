package import Base
import Glibc
package import Settings
import Synchronization

/// The listening sockets of the process. A socket stays open as long as anybody holds a lease on its address, so a reload
/// hands it from the old generation to the new one without refusing a connection: both hold leases of one kernel
/// socket, with one queue of waiting connections and one acceptor. Sockets that systemd passed stay open for good.
package final class ListenerPool: Sendable {
    private struct Listener {
        let descriptor: Int32
        var owner: String?
        var leases: Int
        let isInherited: Bool
        let acceptor = Acceptor()

        func close() {
            acceptor.close()
            Glibc.close(descriptor)
        }
    }

    /// Port 0 means a port of one's own, so there the owner is part of the key.
    fileprivate struct Key: Hashable {
        let address: NetworkAddress
        let owner: String?

        init(_ address: NetworkAddress, owner: String) {
            self.address = address
            if case .tcp(_, 0) = address { self.owner = owner } else { self.owner = nil }
        }
    }

    private let listeners = Mutex<[Key: Listener]>([:])

    /// - Parameter inherited: Listening sockets that were passed to the process (socket activation), matched by their address.
    package init(inherited: [Int32] = []) {
        listeners.withLock { listeners in
            for descriptor in inherited {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                guard let address = ListeningSocket.address(of: descriptor) else { continue }
                listeners[Key(address, owner: "")] = Listener(
                    descriptor: descriptor, owner: nil, leases: 0, isInherited: true)
            }
        }
    }

    /// A lease on the listening socket at `address`, which is opened if nobody holds it yet.
    ///
    /// - Parameter owner: The component. Two components never share an address: connections would go to either.
    /// - Throws: `ApusError` `listen-failed` with the system's reason (address in use, permission) or the other owner.
    package func lease(
        _ address: NetworkAddress, owner: String, sharesPort: Bool = false
    ) throws(ApusError) -> ListenerLease {
        try listeners.withLock { listeners throws(ApusError) in
            let wanted = Key(address, owner: owner)
            let known =
                listeners[wanted] != nil
                ? address : ListeningSocket.equivalent(of: address, in: listeners.keys.map(\.address))
            // A port that the kernel chose for us before is ours already.
            let own = listeners.first { entry in
                entry.value.owner == owner && ListeningSocket.address(of: entry.value.descriptor) == address
            }
            let key = own?.key ?? Key(known, owner: owner)
            var listener: Listener
            if let open = listeners[key] {
                listener = open
            } else {
                listener = Listener(
                    descriptor: try ListeningSocket.open(address, sharesPort: sharesPort), owner: owner, leases: 0,
                    isInherited: false)
            }
            if listener.leases > 0, let other = listener.owner, other != owner {
                throw ApusError(
                    code: "listen-failed", "cannot listen on \(address): the component \(other) does already")
            }
            listener.owner = owner
            listener.leases += 1
            listeners[key] = listener
            return ListenerLease(
                key: key, address: known, descriptor: listener.descriptor, acceptor: listener.acceptor, pool: self)
        }
    }

    /// Closes every socket, leased or not, and removes the files of Unix sockets: the end of the process.
    func closeAll() {
        let all = listeners.withLock { listeners in
            defer { listeners = [:] }
            return listeners
        }
        for (key, listener) in all { ListenerPool.end(listener, key) }
    }

    fileprivate func release(_ key: Key) {
        let last = listeners.withLock { listeners -> Listener? in
            guard var listener = listeners[key] else { return nil }
            listener.leases -= 1
            let isLast = listener.leases <= 0 && !listener.isInherited
            listeners[key] = isLast ? nil : listener
            return isLast ? listener : nil
        }
        if let last { ListenerPool.end(last, key) }
    }

    /// Never under the lock: what an acceptor lets go of may hold a lease, whose end comes back here.
    private static func end(_ listener: Listener, _ key: Key) {
        listener.close()
        if case .unix(let path) = key.address, !path.hasPrefix("@"), !listener.isInherited { unlink(path) }
    }
}

/// The right to use a listening socket; it ends with the last reference.
package final class ListenerLease: Sendable {
    package let address: NetworkAddress
    private let key: ListenerPool.Key
    private let descriptor: Int32
    private let acceptor: Acceptor
    private let pool: ListenerPool

    fileprivate init(
        key: ListenerPool.Key, address: NetworkAddress, descriptor: Int32, acceptor: Acceptor, pool: ListenerPool
    ) {
        self.key = key
        self.address = address
        self.descriptor = descriptor
        self.acceptor = acceptor
        self.pool = pool
    }

    deinit { pool.release(key) }

    /// Takes the socket's connections from now on, in place of whoever had them.
    ///
    /// - Parameter consumer: Sets a connection up, on its event loop.
    /// - Returns: The turn, which `stopServing` ends.
    func serve(_ consumer: @escaping Acceptor.Consumer) async throws -> Int {
        try await acceptor.serve(consumer, on: duplicate)
    }

    /// Takes no more connections. If nobody took over, they wait in the kernel for a successor.
    func stopServing(turn: Int) {
        acceptor.stop(turn: turn)
    }

    /// A descriptor of the socket for those who accept by themselves; they close it.
    package func duplicate() throws(ApusError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw Files.failure("listen-failed", "cannot listen on \(address)") }
        return copy
    }

    /// The address as bound, which names the port that the kernel chose for port 0.
    package var boundAddress: NetworkAddress { ListeningSocket.address(of: descriptor) ?? address }
}
