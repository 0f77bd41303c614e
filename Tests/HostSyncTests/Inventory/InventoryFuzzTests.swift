import Settings
import TestKit
import Testing

@testable import HostSync

@Suite struct InventoryFuzzTests {
    private static let pieces = [
        "[", "]", ":", "web", "db", "[web]", "[web:vars]", "[db:children]", "[all:vars]", "\n", "\n", "\n", " ", "=",
        "a=1",
        "'", "\"", "\\", "#", ";", "[1:3]", "[a:f]", "[0:9:2]", "[09:1]", ":22", "::1", "{", "}", "{{ x }}", ",",
        "None",
        "True", "0x", "-", "ansible_host=", "ansible_port=22", "ansible_become_password=hunter22", "ansible_become=yes",
        "\u{0}", "\u{FEFF}", "é", "\u{202E}", "\r", "\t", "ungrouped", "all", "~", "!", "*", "%",
        "ansible_ssh_common_args=-o",
    ]

    /// What always holds, whatever the text: reading ends, an inventory is there exactly when no error is, places are
    /// in the text, and passwords are nowhere but in connections.
    @Test(arguments: 0..<20 as Range<UInt64>) func anyTextIsAnswered(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let count = Int.random(in: 0...40, using: &random)
            let text = (0..<count).map { _ in InventoryFuzzTests.pieces.randomElement(using: &random) ?? "" }.joined()
            let result = InventoryHarness.ini(text)
            let errors = result.complaints.filter { $0.severity == .error }
            #expect((result.inventory == nil) == !errors.isEmpty, "seed \(seed): \(text)")
            let lines = text.utf8.count { $0 == 0x0A } + 1
            #expect(result.complaints.allSatisfy { (1...lines).contains($0.position.line) }, "seed \(seed): \(text)")
            guard let inventory = result.inventory else { continue }
            #expect(Set(result.hostNames).count == result.hostNames.count)
            for host in inventory.hosts {
                #expect(host.variables["ansible_become_password"] == nil, "seed \(seed): \(text)")
                #expect(InventoryText.objection(toName: host.name, allowsColons: true) == nil, "seed \(seed): \(text)")
            }
            #expect(inventory.hosts(inGroup: "all").count == inventory.hosts.count, "seed \(seed): \(text)")
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func anyBytesAreAnswered(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var builder = InventoryBuilder()
            INIInventory.read(bytes, file: "hosts", into: &builder)
            let isText = String(validating: bytes, as: UTF8.self) != nil
            #expect(isText || builder.build().inventory == nil, "seed \(seed): \(bytes)")
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func anyPatternIsAnswered(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let inventory = try #require(InventoryHarness.ini("[web]\nweb[1:5]\n[db]\ndb[1:5]\n").inventory)
        let pieces = [
            "web", "db", "1", ":", ",", "&", "!", "~", "*", "[", "]", "[0]", "[-1]", "[1:2]", "(", ")", "\\", "9",
        ]
        for _ in 0..<500 {
            let count = Int.random(in: 0...8, using: &random)
            let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            guard let pattern = try? HostPattern(parsing: text), let hosts = try? pattern.select(from: inventory) else {
                continue
            }
            let places = hosts.compactMap { inventory.index(ofHost: $0.name) }
            #expect(places == places.sorted() && Set(places).count == places.count, "seed \(seed): \(text)")
        }
    }
}
