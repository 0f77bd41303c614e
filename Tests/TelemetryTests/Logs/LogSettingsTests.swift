import Logging
import Settings
import Telemetry
import Testing

@Suite struct LogSettingsTests {
    private func read(_ text: String) -> (settings: LogSettings?, complaints: [String]) {
        let result = SettingsReader.read(LogSettings.self, [UInt8](text.utf8), file: "apus.yaml")
        return (result.group, result.complaints.map(\.description))
    }

    @Test func aFileBecomesAConfiguration() {
        let (settings, complaints) = read("level: debug\nformat: json\nlevels: {apus.disk: trace, nio: error}\n")
        #expect(complaints == [])
        #expect(
            settings?.configuration
                == LogConfiguration(
                    level: .debug, overrides: ["apus.disk": .trace, "nio": .error], format: .json))
        #expect(read("{}").settings?.configuration == LogConfiguration())
    }

    @Test(arguments: ["level: loud", "format: xml", "levels: {apus: loud}", "lvl: info"])
    func whatIsWrongIsSaid(text: String) {
        let (settings, complaints) = read(text)
        #expect(settings == nil)
        #expect(complaints.count == 1)
        #expect(complaints.first?.hasPrefix("apus.yaml:1:") == true, "\(complaints)")
    }
}
