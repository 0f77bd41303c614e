import Settings
import Testing

/// Groups with a short form, with another program's spellings, with names of peers, and with another group's keys.
@Suite struct GroupFormatTests {
    struct Server: SettingsGroup {
        var address = ""
        var weight = 1
        static var fields: [SettingsField<Self>] {
            [
                SettingsField("address", \.address, .nonEmptyString, "Where.", required: true),
                SettingsField("weight", \.weight, .integer(in: 1...9), "How much.", synonyms: ["share"]),
            ]
        }
        func check(_ complaints: inout SettingsChecker) {
            if weight == 9, address == "a" { complaints.error(at: \Self.weight, "too much for a") }
        }
    }

    struct Outer: SettingsGroup {
        var servers: [Server] = []
        var foreign = Server()
        var inner = Server()
        static var fields: [SettingsField<Self>] {
            [
                SettingsField("servers", \.servers, .oneOrMany(of: .group(shorthand: "address")), "Servers."),
                SettingsField("foreign", \.foreign, .group(rewriting: upperKeys), "In capitals."),
            ] + Server.fields.map { $0.lifted(into: \.inner) }
        }
        func check(_ complaints: inout SettingsChecker) { inner.check(&complaints) }

        @Sendable private static func upperKeys(_ node: YAMLNode) -> YAMLNode {
            guard let entries = node.mapping?.entries else { return node }
            let pairs = entries.map { ($0.key.lowercased(), $0.keyPosition, $0.value) }
            return YAMLNode(.mapping(YAMLMapping(pairs)), position: node.position)
        }
    }

    private func read(_ text: String, _ environment: [String: String] = [:]) -> SettingsReader.Result<Outer> {
        SettingsReader.read(
            Outer.self, Array(text.utf8), file: "f", references: FixedReferences(environment: environment))
    }

    @Test func readsShortAndLongForms() throws {
        let result = read(
            "address: x\nservers: [a, { address: b, weight: 2 }, \"${env:HOST}\"]\nforeign: { ADDRESS: c }\n",
            ["HOST": "d"])
        #expect(result.complaints.isEmpty)
        let outer = try #require(result.group)
        #expect(outer.servers.map(\.address) == ["a", "b", "d"] && outer.servers.map(\.weight) == [1, 2, 1])
        #expect(outer.foreign.address == "c" && outer.inner.address == "x")
        #expect(read(SettingsReader.rendered(outer)).group == outer)
    }

    @Test(
        "complaints stand where the file has the value",
        arguments: [
            (
                "address: x\nservers: 5\n",
                "f:2:10: servers[0].address: found the number 5, write it in quotes if it is meant as text; wanted text that is not empty"
            ),
            (
                "address: x\nservers:\n  - a\n  - { weight: 2 }\n",
                "f:4:5: servers[1]: the key address is missing, wanted text that is not empty"
            ),
            (
                "address: x\nforeign: { ADDRESS: a, WEIGHT: 10 }\n",
                "f:2:32: foreign.weight: found the number 10, which is out of range; wanted a whole number from 1 to 9"
            ),
            ("address: a\nweight: 9\n", "f:2:9: weight: too much for a"),
            ("weight: 3\n", "f:1:1: the key address is missing, wanted text that is not empty"),
            (
                "address: x\nservers: { address: a, weight: 1, share: 2 }\n",
                "f:2:35: servers[0].share: means the same as weight, which is given too"
            ),
        ])
    func complains(_ text: String, _ complaint: String) {
        #expect(read(text).complaints.map(\.description) == [complaint])
    }

    @Test func aPeersNameIsReadWithoutAWord() throws {
        let result = read("address: x\nshare: 4\n")
        #expect(result.complaints.isEmpty && result.group?.inner.weight == 4)
        #expect(SettingsReader.rendered(try #require(result.group)).contains("weight: 4"))
        let schema = SettingsReader.jsonSchema(of: Server.self, title: "t")
        #expect(schema.contains("The same as weight.") && !schema.contains("deprecated"))
    }

    @Test func aFingerprintHoldsWhatGoesWithASection() throws {
        let schema = SettingsSchema([
            SettingsSection("a", "A.", Server.self),
            SettingsSection("b", "B.", .group(Server.self, shorthand: "address")),
        ])
        func fingerprint(_ text: String) throws -> SettingsFingerprint? {
            try schema.read(Array(text.utf8), file: "f").get().fingerprint(of: "a", with: ["b"])
        }
        let both = try fingerprint("a: { address: x }\nb: y\n")
        #expect(both != nil)
        #expect(try fingerprint("a: { address: x }\nb: { address: y }\n") == both)
        #expect(try fingerprint("a: { address: x }\nb: z\n") != both)
        #expect(try fingerprint("a: { address: x }\n") != both)
        #expect(try fingerprint("b: y\n") == nil)
    }
}
