import Base
import Testing

@testable import HostMetrics

@Suite struct AlertTests {
    private static let full = AlertRule(name: "Full", metric: .usedPercent, condition: .atLeast(90), for: .seconds(60))
    private let start = MonotonicInstant(nanoseconds: 0)

    private static func mount(_ point: RawName = "/srv", readOnly: Bool = false) -> Mount {
        Mount(
            id: 7, parentID: 1, device: DeviceNumber(major: 8, minor: 1), mountPoint: point, type: "ext4",
            source: "/dev/sda1", options: [readOnly ? "ro" : "rw"])
    }

    /// A mount with that percentage used; nil where it gave no figures.
    private static func sample(_ percent: UInt64?, mount: Mount = mount()) -> MountSample {
        guard let percent else { return MountSample(mount: mount, outcome: .failed(.timedOut)) }
        return MountSample(
            mount: mount,
            outcome: .figures(
                FileSystemFigures(blockSize: 1, blocks: 100, freeBlocks: 100 - percent, availableBlocks: 100 - percent))
        )
    }

    /// One sample every 15 s; `!` starts an alert, `.` stops it.
    @Test(
        arguments: [
            ("fires only after `for`", [90, 91, 92, 93, 94, 95], ["", "", "", "", "!", ""]),
            (
                "a break starts the clock again", [95, 95, 95, 89, 95, 95, 95, 95, 95],
                ["", "", "", "", "", "", "", "", "!"]
            ),
            ("stops at the first good sample", [90, 90, 90, 90, 90, 89, 90], ["", "", "", "", "!", ".", ""]),
            ("equal to the limit counts", [90, 90, 90, 90, 90], ["", "", "", "", "!"]),
            ("below the limit nothing", [89, 89, 89, 89, 89, 89], ["", "", "", "", "", ""]),
            ("a hang keeps the pending clock", [95, nil, nil, nil, 95], ["", "", "", "", "!"]),
            ("a hang does not start it", [95, 95, nil, nil, nil, nil], ["", "", "", "", "", ""]),
            (
                "a hang does not stop it", [95, 95, 95, 95, 95, nil, nil, 95, 10],
                ["", "", "", "", "!", "", "", "", "."]
            ),
        ] as [(String, [UInt64?], [String])])
    func hasTheMeaningOfFor(what: String, percents: [UInt64?], expected: [String]) {
        var book = AlertBook(rules: [AlertTests.full])
        var now = start
        let marks = percents.map { percent in
            defer { now = now.advanced(by: .seconds(15)) }
            let changes = book.event([AlertTests.sample(percent)], now: now)
            return changes.map { $0.status == .firing ? "!" : "." }.joined()
        }
        #expect(marks == expected, "\(what)")
    }

    @Test func withoutForItFiresAtOnce() {
        let rules = [
            AlertRule(name: "Gone", metric: .error, condition: .holds, severity: .critical),
            AlertRule(name: "ReadOnly", metric: .readOnly, condition: .holds),
            AlertRule(name: "Low", metric: .availableBytes, condition: .atMost(5)),
        ]
        var book = AlertBook(rules: rules)
        #expect(book.event([AlertTests.sample(nil)], now: start).map(\.rule) == ["Gone"])
        #expect(book.worst(for: AlertTests.mount()) == .critical)
        let next = book.event([AlertTests.sample(95, mount: AlertTests.mount(readOnly: true))], now: start)
        #expect(next.map { "\($0.rule) \($0.status)" } == ["Gone resolved", "ReadOnly firing", "Low firing"])
    }

    @Test func patternsChooseMounts() {
        let rule = AlertRule(
            name: "x", metric: .usedPercent, condition: .atLeast(1),
            mounts: [GlobPattern("/srv*"), GlobPattern("/var/[lt]*")])
        for (point, applies) in [
            ("/srv", true), ("/srv/a/b", true), ("/var/log", true), ("/var/opt", false), ("/", false),
        ] {
            #expect(rule.applies(to: AlertTests.mount(RawName(Array(point.utf8)))) == applies, "\(point)")
        }
    }

    @Test func aMountThatIsGoneIsResolvedAndForgotten() {
        var book = AlertBook(rules: [AlertRule(name: "Full", metric: .usedPercent, condition: .atLeast(90))])
        #expect(book.event([AlertTests.sample(95)], now: start).count == 1)
        let changes = book.event([], now: start)
        #expect(changes.map(\.status) == [.resolved])
        #expect(changes.first?.value == nil)
        #expect(book.firingCount == 0)
        #expect(book.event([], now: start).isEmpty)
    }

    @Test func aReloadKeepsWhatAsksTheSame() {
        var book = AlertBook(rules: [AlertTests.full])
        _ = book.event([AlertTests.sample(95)], now: start)
        // Only `for` changed: the clock goes on.
        let sooner = AlertRule(name: "Full", metric: .usedPercent, condition: .atLeast(90), for: .seconds(30))
        #expect(book.replaceRules([sooner]).isEmpty)
        let changes = book.event([AlertTests.sample(95)], now: start.advanced(by: .seconds(30)))
        #expect(changes.map(\.status) == [.firing])
        // Another limit is another question: what fired is resolved.
        let other = AlertRule(name: "Full", metric: .usedPercent, condition: .atLeast(99))
        #expect(book.replaceRules([other]).map(\.status) == [.resolved])
        #expect(book.firingCount == 0)
    }
}
