import Base
import TestKit
import Testing

@testable import HostSync

@Suite struct SavedPlanTests {
    private let plan = SavedPlan(
        site: "sites/a \"b\".yaml", digest: "d1", hosts: "web*:!web3", inventories: ["x.ini"], tags: nil,
        skipTags: "slow",
        variables: ["a=1=2"], isLocal: true, fingerprints: ["0/web1": "f1", "1/ü": "f2"])

    @Test func isReadAsItWasWritten() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("plan.json", plan.json)
        let read = try #require(try SavedPlan.read(file))
        #expect(read.json == plan.json)
        #expect(read.fingerprints == plan.fingerprints)
        #expect(read.hosts == "web*:!web3" && read.tags == nil && read.isLocal)
    }

    /// A plan that was cut off must not be taken for a site, nor for a smaller plan.
    @Test func refusesAPlanThatWasCutOff() throws {
        let folder = try TemporaryFolder()
        for length in stride(from: 18, to: plan.json.utf8.count - 2, by: 7) {
            let file = try folder.write("plan.json", String(decoding: plan.json.utf8.prefix(length), as: UTF8.self))
            #expect(throws: ApusError.self, "cut after \(length) bytes") { try SavedPlan.read(file) }
        }
    }

    @Test func knowsASiteFromAPlan() throws {
        let folder = try TemporaryFolder()
        #expect(try SavedPlan.read(try folder.write("site.yaml", "resources: []\n")) == nil)
    }
}
