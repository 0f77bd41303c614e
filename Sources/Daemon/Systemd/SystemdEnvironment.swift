import Base
import Glibc

/// What systemd passes to a service in its environment: sockets that are open already (sd_listen_fds(3)) and the watchdog
/// interval (sd_watchdog_enabled(3)). Both are meant for one process only and are ignored by any other.
package struct SystemdEnvironment: Sendable, Equatable {
    /// Descriptors start behind standard input, output and error.
    package static let firstDescriptor: Int32 = 3
    /// More is no honest socket unit.
    package static let descriptorLimit = 64

    /// The listening sockets that were passed, in the order of the socket unit.
    package let descriptors: [Int32]
    /// How often `WATCHDOG=1` is due: half of what systemd waits for, as its manual recommends.
    package let watchdogInterval: Duration?

    package init(environment: [String: String], processID: Int32) {
        if environment["LISTEN_PID"].flatMap({ Int32($0) }) == processID,
            let count = environment["LISTEN_FDS"].flatMap({ Int($0) }),
            (1...SystemdEnvironment.descriptorLimit).contains(count)
        {
            descriptors = (0..<count).map { SystemdEnvironment.firstDescriptor + Int32($0) }
        } else {
            descriptors = []
        }
        let isForUs = environment["WATCHDOG_PID"].map { Int32($0) == processID } ?? true
        if isForUs, let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 {
            watchdogInterval = .microseconds(microseconds / 2)
        } else {
            watchdogInterval = nil
        }
    }

    /// Takes the variables out of the process's environment, so that no child believes they are meant for it.
    package static func clear() {
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            unsetenv(name)
        }
    }
}
