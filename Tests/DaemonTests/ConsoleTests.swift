import Base
import TestKit
import Testing

@testable import Daemon

@Suite struct ConsoleTests {
    @Test func whatIsShownCannotBecomeMarkup() {
        #expect(HTML.escaped("a\u{202E}b\u{200B}c\u{85}") == "a\u{FFFD}b\u{FFFD}c\u{FFFD}")
        let hostile = "<script>alert('x')</script>&\"\u{1B}[31m"
        let html: HTML = "<b>\(hostile)</b>"
        #expect(html.text == "<b>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\u{FFFD}[31m</b>")
    }

    @Test(arguments: [
        (0, "0s"), (8, "8s"), (65, "1m 5s"), (3600, "1h 0m"), (100_000, "1d 3h"), (-5, "0s"),
    ])
    func lengthsOfTime(seconds: Int, text: String) {
        #expect(ConsolePage.span(.seconds(seconds)) == text)
    }

    @Test func aFailedReloadAndAHungMountAreSaid() {
        let page = ConsolePage.render(snapshot(), logs: [], canReload: true).text
        #expect(page.contains("what ran before it still runs"))
        #expect(page.contains("apus.yaml:3:1: dsk: unknown key"))
        #expect(page.contains("timed out"))
        #expect(page.contains("aria-label=\"not known\""))
        #expect(page.contains("width=\"63%\""))
        #expect(page.contains(#"<form method="post" action="-/reload">"#))
    }

    @Test func withoutTheRightToReloadThereIsNoButton() {
        #expect(!ConsolePage.render(snapshot(), logs: [], canReload: false).text.contains("<form"))
    }

    /// The content security policy forbids inline script and style, so the page must have none.
    @Test func nothingIsInline() {
        let page = ConsolePage.render(snapshot(), logs: [], canReload: true).text
        #expect(!page.contains("style="))
        #expect(!page.contains("<style"))
        #expect(!page.contains("<script>"))
        #expect(!page.contains(" onclick"))
        #expect(!page.contains("http://") && !page.contains("https://"))
    }

    private func snapshot() -> DaemonSnapshot {
        let now = WallInstant(secondsSince1970: 1_700_000_000)
        let disk = ComponentStatus(
            .degraded, reason: "1 mount hangs", figures: [.init("mounts", "2")],
            bars: [
                .init("/", ratio: 0.63, text: "63 %", level: .ok),
                .init("/nfs", ratio: nil, text: "timed out", level: .unknown),
            ])
        return DaemonSnapshot(
            version: "1", host: "web1", processID: 1, now: now, startedAt: now, uptime: .seconds(65),
            configurationFile: "apus.yaml", configurationHash: "abc", generation: 2,
            lastReload: ReloadRecord(at: now, complaints: ["apus.yaml:3:1: dsk: unknown key"]),
            rolledBack: nil, failedRollback: nil, isStopping: false,
            components: [.init(name: "disk", status: disk, startedAt: now, restarts: 0)])
    }
}
