import Base
import Glibc
import TestKit
import Testing

@testable import Daemon

@Suite struct SystemdTests {
    @Test func takesSocketsOnlyWhenTheyAreForThisProcess() {
        let environment = ["LISTEN_PID": "42", "LISTEN_FDS": "2"]
        #expect(SystemdEnvironment(environment: environment, processID: 42).descriptors == [3, 4])
        #expect(SystemdEnvironment(environment: environment, processID: 43).descriptors.isEmpty)
        #expect(
            SystemdEnvironment(environment: ["LISTEN_PID": "42", "LISTEN_FDS": "x"], processID: 42).descriptors.isEmpty)
        #expect(
            SystemdEnvironment(environment: ["LISTEN_PID": "42", "LISTEN_FDS": "9999"], processID: 42).descriptors
                .isEmpty)
    }

    @Test func theWatchdogIsDueTwiceAnInterval() {
        func interval(_ environment: [String: String]) -> Duration? {
            SystemdEnvironment(environment: environment, processID: 42).watchdogInterval
        }
        #expect(interval(["WATCHDOG_USEC": "10000000"]) == .seconds(5))
        #expect(interval(["WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "42"]) == .seconds(5))
        #expect(interval(["WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "43"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
        #expect(interval([:]) == nil)
    }

    @Test func notificationsAreDatagramsOfTheProtocol() throws {
        let folder = try TemporaryFolder()
        let receiver = try NotifyReceiver(path: "\(folder.path)/notify")
        let notifier = SystemdNotifier(environment: ["NOTIFY_SOCKET": receiver.path])
        notifier.ready(status: "two\nlines")
        #expect(receiver.receive() == "READY=1\nSTATUS=two lines")
        notifier.reloading(now: MonotonicInstant(nanoseconds: 5_000_000))
        #expect(receiver.receive() == "RELOADING=1\nMONOTONIC_USEC=5000")
        notifier.stopping()
        #expect(receiver.receive().hasPrefix("STOPPING=1"))
        notifier.watchdog()
        #expect(receiver.receive() == "WATCHDOG=1")
    }

    @Test func withoutASocketNothingHappens() {
        SystemdNotifier(environment: [:]).ready(status: "fine")
        SystemdNotifier(environment: ["NOTIFY_SOCKET": "/nowhere/notify"]).ready(status: "fine")
    }
}
