import Settings
import TestKit
import Testing

@testable import Daemon

/// A component that reads a section beside its own, as the gateway reads `resilience4j`.
@Suite struct CompanionSectionTests {
    struct Own: SettingsGroup {
        var size = 1
        static var fields: [SettingsField<Self>] { [SettingsField("size", \.size, .integer(in: 1...9), "How much.")] }
    }

    struct Extra: SettingsGroup {
        var speed = 1
        static var fields: [SettingsField<Self>] { [SettingsField("speed", \.speed, .integer(in: 1...9), "How fast.")] }
    }

    private let loader = ConfigurationLoader(
        components: [
            ComponentDefinition(
                "part", "A part.", settings: Own.self, besides: [SettingsSection("extra", "More.", Extra.self)],
                inspect: { own, file in
                    let isRight = file.group(Extra.self).map { $0.speed >= own.size } ?? true
                    return isRight ? [] : [SettingDoubt(.warning, key: "size", "is more than extra.speed")]
                },
                make: { _, _, _ in throw CancellationError() })
        ], references: FixedReferences())

    private func load(_ text: String) throws -> SettingsFile {
        let folder = try TemporaryFolder()
        return try loader.load(try folder.write("apus.yaml", text))
    }

    private func fingerprint(_ text: String) throws -> SettingsFingerprint? {
        loader.declared(in: try load(text)).first { $0.definition.name == "part" }?.fingerprint
    }

    @Test func aChangeOfEitherSectionReplacesTheComponent() throws {
        let first = try fingerprint("part: { size: 2 }\nextra: { speed: 3 }\n")
        #expect(first != nil)
        #expect(try fingerprint("extra: { speed: 3 }\npart: { size: 2 }\n") == first)
        #expect(try fingerprint("part: { size: 2 }\nextra: { speed: 4 }\n") != first)
        #expect(try fingerprint("part: { size: 2 }\n") != first)
        #expect(try fingerprint("part: { size: 3 }\nextra: { speed: 3 }\n") != first)
    }

    @Test func theOtherSectionAloneStartsNothing() throws {
        #expect(try fingerprint("extra: { speed: 3 }\n") == nil)
    }

    @Test func inspectionSeesBoth() throws {
        let complaints = try loader.inspect(try load("part: { size: 5 }\nextra: { speed: 3 }\n"))
        #expect(
            complaints.map { "\($0.position) \($0.path): \($0.message)" } == [
                "1:15 part.size: is more than extra.speed"
            ])
        #expect(try loader.inspect(try load("part: { size: 5 }\n")).isEmpty)
    }
}
