import Base
import Testing

@testable import HostSync

@Suite struct HostPatternTests {
    private static let inventory = InventoryHarness.ini(
        """
        lone
        2001:db8::1
        [web]
        web[1:3]
        [db]
        db1
        db2
        web3
        [prod:children]
        db
        web
        [empty]
        """
    ).inventory

    private func select(_ pattern: String) throws -> [String] {
        let inventory = try #require(HostPatternTests.inventory)
        return try HostPattern(parsing: pattern).select(from: inventory).map(\.name)
    }

    @Test(
        arguments: [
            ("all", ["lone", "2001:db8::1", "web1", "web2", "web3", "db1", "db2"]),
            ("*", ["lone", "2001:db8::1", "web1", "web2", "web3", "db1", "db2"]),
            ("web", ["web1", "web2", "web3"]), ("web1", ["web1"]), ("web*", ["web1", "web2", "web3"]),
            ("web?:db?", ["web1", "web2", "web3", "db1", "db2"]), ("w*,db1", ["web1", "web2", "web3", "db1"]),
            ("db1 , lone", ["lone", "db1"]), ("web:&db", ["web3"]), ("db:!web", ["db1", "db2"]),
            ("!web:db", ["db1", "db2"]),
            ("prod:!web1", ["web2", "web3", "db1", "db2"]), ("!prod", ["lone", "2001:db8::1"]),
            ("&web:!web2", ["web1", "web3"]),
            ("~web[12]", ["web1", "web2"]), ("~(web|db)1$", ["web1", "db1"]), ("~(?:lo|x)\\w+", ["lone"]),
            ("web[0]", ["web1"]), ("web[-1]", ["web3"]), ("web[0:1]", ["web1", "web2"]), ("web[1:]", ["web2", "web3"]),
            ("web[1:9]", ["web2", "web3"]), ("prod[0]", ["db1"]), ("all[0]", ["lone"]), ("web[-2:]", ["web2", "web3"]),
            ("empty", []), ("ungrouped", ["lone", "2001:db8::1"]), ("2001:db8::1", ["2001:db8::1"]),
            ("2001:db8::1,web1", ["2001:db8::1", "web1"]), ("web[1-2]", ["web1", "web2"]), ("web:!~web[12]", ["web3"]),
            ("web:!nothing*", ["web1", "web2", "web3"]),
        ] as [(String, [String])])
    func selects(_ pattern: String, _ names: [String]) throws {
        #expect(try select(pattern) == names)
    }

    @Test(arguments: [
        ("wbe1", #"no host matches "wbe1"; did you mean "web1"?"#), ("localhost", #"no host matches "localhost""#),
        ("web:!bd", #"no host matches "bd"; did you mean "db"?"#), ("zz*", #"no host matches "zz*""#),
        ("~eb", #"no host matches "~eb""#),
        ("web[3]", #"no host matches "web[3]": there are 3 hosts"#), ("web[-4]", "there are 3 hosts"),
        ("web1[1]", "there are 1 host"),
    ])
    func findsNothing(_ pattern: String, _ message: String) throws {
        let error = #expect(throws: ApusError.self) { try select(pattern) }
        #expect(error?.code == "no-hosts")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "none")")
    }

    @Test(arguments: [
        ("", "empty"), (" , ", "empty"), ("!", "without a name"), ("web:&", "without a name"), ("~(", "cannot be read"),
        ("web[1:2:3]", "wanted such as web[0:2]"), ("we b", "white space"), ("-web", "begin with -"),
        ("a;b", "must not hold ;"),
    ])
    func refuses(_ pattern: String, _ message: String) {
        let error = #expect(throws: InventoryProblem.self) { try HostPattern(parsing: pattern) }
        #expect(error.map { "\($0)" }?.contains(message) == true, "\(error?.message ?? "none")")
    }
}
