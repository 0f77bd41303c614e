import Base
import Glibc
import TestKit
import Testing

/// The console in a real, headless Chromium. The screenshots of `page` are kept where APUS_SCREENSHOTS says, for a person.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ConsoleTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func look(_ command: String, at name: String = "127.0.0.1") async throws {
        let configuration = """
            admin: { listen: "127.0.0.1:0", reload: true, hosts: [apus.test] }
            disk: { interval: 1s, timeout: 500ms, rules: [ { name: always, metric: usedPercent, above: 0 } ] }

            """
        let apus = try await ApusProgram.run(configuration, folder: folder)
        let address = try #require(apus.address)
        try await eventually("the first sample is there") {
            try await Client.get("\(address)/").text.contains("free of")
        }
        let port = try #require(address.split(separator: ":").last)
        let place = ProcessEnvironment.current()["APUS_SCREENSHOTS"] ?? folder.path
        try await Peers.run(
            "console/console.py", [command, command == "foreign" ? "\(name):\(port)" : address, place], folder: folder)
        withExtendedLifetime(apus) {}
    }

    /// No complaint of the browser, nothing from elsewhere, nothing that sticks out, and every text with enough contrast: in
    /// a wide and a narrow window, light and dark.
    @Test func thePageIsSoundInEveryWindow() async throws { try await look("page") }

    @Test func whatIsShownIsLive() async throws { try await look("live") }

    @Test func theButtonReloads() async throws { try await look("reload") }

    /// Browsers trust loopback and tell less to other addresses: the button must work there, too.
    @Test func theButtonReloadsUnderAnyNameThatIsServed() async throws { try await look("foreign", at: "apus.test") }

    @Test func everythingIsThereWithoutScript() async throws { try await look("plain") }
}
