import Base
import Glibc
import Testing

@testable import HostMetrics

/// What looks at the mounts of this machine, one at a time: df(1) hangs while another test keeps a mount hung.
@Suite(.serialized) struct RealMachineTests {}

extension RealMachineTests {
    /// The figures of this very machine beside those of the real df(1).
    @Suite(.serialized) struct DfParityTests {
        struct Row: Hashable {
            let mountPoint: String
            let total: String
            let percent: String
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["-P", "-Pi"])
        func showsTheSameMountsWithTheSamePercentages(option: String) async throws {
            // The disk is in use while we look: what df said before or after must be what we say.
            for attempt in 1... {
                let before = try DfParityTests.df(option)
                let ours = try await DfParityTests.ours(inodes: option == "-Pi", all: false)
                let after = try DfParityTests.df(option)
                if before != after, attempt < 20 { continue }
                #expect(!before.isEmpty)
                #expect(Set(ours) == Set(before))
                return
            }
        }

        /// Of mounts that another one covers, df shows the figures of the covering one; we show none. Of automount
        /// points it asks, and we do not.
        @Test(.timeLimit(.minutes(1))) func showsAllMounts() async throws {
            let ours = Set(try await DfParityTests.ours(inodes: false, all: true))
            let theirs = Set(try DfParityTests.df("-Pa"))
            let uncovered = ours.filter { $0.total != "-" }
            #expect(!uncovered.isEmpty)
            #expect(uncovered.subtracting(theirs).isEmpty)
            let unexplained = theirs.subtracting(ours).filter { row in
                !ours.contains { $0.mountPoint == row.mountPoint }
            }
            #expect(unexplained.isEmpty)
        }

        private static func ours(inodes: Bool, all: Bool) async throws -> [Row] {
            var listing = DiskListing()
            listing.selection.includesAll = all
            return await listing.run(try await listing.plan()).map { sample in
                let figures = sample.figures
                let total = figures.map { inodes ? $0.inodes : $0.sizeBytes / 1024 }
                let percent = inodes ? figures?.inodesUsePercent : figures?.usePercent
                return Row(
                    mountPoint: sample.mount.mountPoint.description, total: total.map { "\($0)" } ?? "-",
                    percent: percent.map { "\($0)%" } ?? "-")
            }
        }

        /// - Throws: `ApusError` `df-hangs`: some mount of the machine does not answer; df waits for it, and we do not.
        private static func df(_ option: String) throws -> [Row] {
            let pipe = try #require(popen("LC_ALL=C exec timeout -k 1 20 df \(option); exit $?", "r"))
            let text = try Files.read(descriptor: fileno(pipe), name: "df", limit: 1 << 20)
            let status = pclose(pipe) >> 8 & 0xFF
            guard status != 124, status != 137 else {
                throw ApusError(
                    code: "df-hangs", "df \(option) itself did not answer within 20 s: a mount of this machine hangs")
            }
            return String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst().map { line in
                let fields = line.split(separator: " ", maxSplits: 5)
                return Row(mountPoint: String(fields[5]), total: String(fields[1]), percent: String(fields[4]))
            }
        }
    }
}
