import Base
import Glibc
import TestKit
import Testing

@testable import HostMetrics

extension RealMachineTests {
    @Suite(.serialized, .timeLimit(.minutes(2))) struct DiskSamplerTests {
        @Test func aHungMountDelaysNobodyAndIsAskedOnce() async throws {
            let hung = try HungMount()
            defer { hung.stop() }
            let time = ManualTime()
            let sampler = DiskSampler(time: time)
            let table = try MountTable.read().table
            let mounts = [try hung.mount(in: table), try #require(table.mount(holding: "/"))]

            // The healthy one is there before any time has passed; the hung one times out when the clock says so.
            let samples = await sampler.sample(mounts, of: table, timeout: .seconds(5)) { sample in
                if sample.mount == mounts[1] {
                    #expect(sample.figures != nil)
                    await time.waitForSleepers()
                    time.advance(by: .seconds(5))
                }
            }
            #expect(samples[0].outcome == .failed(.timedOut))
            #expect(samples[1].figures != nil)
            #expect(sampler.outstanding == 1)

            // As long as it hangs nothing piles up, and nobody waits.
            let stuckSince = time.wallNow().advanced(by: .seconds(-5))
            for _ in 0..<50 {
                let again = await sampler.sample(mounts, of: table, timeout: .seconds(5))
                #expect(again[0].outcome == .failed(.stillStuck(since: stuckSince)))
                #expect(again[1].figures != nil)
                #expect(sampler.outstanding == 1)
            }

            // It comes back, and is asked again.
            try hung.answer()
            while sampler.outstanding > 0 { await Task.yield() }
            let figures = await sampler.sample(mounts, of: table, timeout: .seconds(5))[0].figures
            #expect(figures?.sizeBytes == 4_096_000)
            #expect(figures?.usePercent == 67)
            #expect(figures?.inodesUsePercent == 75)
        }

        @Test func cancellationEndsTheWait() async throws {
            let hung = try HungMount()
            defer { hung.stop() }
            let time = ManualTime()
            let sampler = DiskSampler(time: time)
            let table = try MountTable.read().table
            let mount = try hung.mount(in: table)
            let task = Task { await sampler.sample([mount], of: table, timeout: .seconds(5)) }
            await time.waitForSleepers()
            task.cancel()
            #expect(await task.value.map(\.outcome) == [.failed(.cancelled)])
        }

        /// What hangs is bounded, and the rest is told so at once instead of piling up.
        @Test func hungMountsFillNoMoreThanTheLimit() async throws {
            let (first, second) = (try HungMount(), try HungMount())
            defer {
                first.stop()
                second.stop()
            }
            let time = ManualTime()
            let sampler = DiskSampler(time: time, limit: 1)
            let table = try MountTable.read().table
            let mounts = [try first.mount(in: table), try second.mount(in: table)]
            let round = Task { await sampler.sample(mounts, of: table, timeout: .seconds(5)) }
            await time.waitForSleepers()
            try first.waitUntilAsked()
            time.advance(by: .seconds(5))
            #expect(await round.value.map(\.error) == [.timedOut, .tooManyStuck(limit: 1)])
            #expect(sampler.outstanding == 1)

            // Its probe ends with the answer, its child is collected, and the place is free for the other.
            try first.answer()
            try second.answer()
            while sampler.outstanding > 0 { await Task.yield() }
            #expect(ChildProcesses.zombies() == [])
            let samples = await sampler.sample(mounts, of: table, timeout: .seconds(3600))
            #expect(samples.map(\.figures?.blocks) == [1000, 1000])
        }

        @Test func automountsAndCoveredMountsAreNotAsked() async {
            let device = DeviceNumber(major: 9, minor: 9)
            func mount(_ id: Int, _ parent: Int, _ point: RawName, _ type: String) -> Mount {
                Mount(id: id, parentID: parent, device: device, mountPoint: point, type: type, source: "x")
            }
            let mounts = [
                mount(1, 0, "/", "ext4"), mount(2, 1, "/no/such/place", "autofs"), mount(3, 1, "/tmp", "ext4"),
                mount(4, 3, "/tmp", "ext4"), mount(5, 1, "/nowhere/at/all", "ext4"),
            ]
            let samples = await DiskSampler().sample(mounts, of: MountTable(mounts), timeout: .seconds(60))
            #expect(samples[0].figures != nil)
            #expect(samples[1].outcome == .skipped)
            #expect(samples[2].outcome == .failed(.overMounted))
            #expect(samples[3].figures != nil)
            #expect(samples[4].outcome == .failed(.system(ENOENT)))
        }

        @Test func aProbeInAProcessOfItsOwnAnswersTheSame() {
            let children = ProbeChildren()
            for _ in 0..<50 {
                let isolated = ProbeCall.perform(.statistics, path: "/proc", isolated: true, children: children)
                #expect(isolated == ProbeCall.perform(.statistics, path: "/proc", isolated: false, children: children))
                #expect(
                    ProbeCall.perform(.statistics, path: "/no", isolated: true, children: children) == .failed(ENOENT))
                #expect(ProbeCall.perform(.resolve, path: "/", isolated: true, children: children) == .path("/"))
            }
            #expect(children.count == 0)
            #expect(ChildProcesses.zombies() == [])
        }

        @Test func pathsAreResolved() async throws {
            let folder = try TemporaryFolder()
            symlink("/proc/sys", "\(folder.path)/link")
            let resolver = PathResolver()
            #expect(try await resolver.resolve("\(folder.path)/link/kernel/..", timeout: .seconds(60)) == "/proc/sys")
            await #expect(throws: SampleError.system(ENOENT)) {
                try await resolver.resolve("\(folder.path)/nope", timeout: .seconds(60))
            }
            await #expect(throws: SampleError.system(ENOENT)) {
                try await resolver.resolve("/a\0b", timeout: .seconds(60))
            }
        }
    }
}

@Suite struct SampleRoundTests {
    private func identity(_ id: Int) -> MountIdentity {
        MountIdentity(id: id, device: DeviceNumber(major: 1, minor: 1), mountPoint: "/")
    }

    @Test func manyMountsTakeTurnsWithinTheLimit() {
        var book = ProbeBook(limit: 2)
        var round = SampleRound(count: 5)
        let now = WallInstant(secondsSince1970: 0)
        var asked: [Int] = []
        while !round.isOver {
            for start in round.startable(book: &book, now: now, mount: { (identity($0), nil) }) {
                if case .probe(let index) = start { asked.append(index) }
            }
            #expect(book.count <= 2)
            let index = round.pending.min() ?? -1
            book.end(identity(index))
            let (first, second) = (round.answered(index), round.answered(index))
            #expect(first && !second)
        }
        #expect(asked == [0, 1, 2, 3, 4])
    }

    @Test func aBookFullOfHungProbesFailsAtOnce() {
        var book = ProbeBook(limit: 1)
        let now = WallInstant(secondsSince1970: 0)
        #expect(book.begin(identity(9), now: now) == .start)
        var round = SampleRound(count: 2)
        let starts = round.startable(book: &book, now: now) { (identity($0 == 0 ? 9 : 1), nil) }
        #expect(
            starts == [
                .done(0, .failed(.stillStuck(since: now))), .done(1, .failed(.tooManyStuck(limit: 1))),
            ])
        #expect(round.isOver)
    }

    @Test func theEndTellsWhoWasAskedAndWhoWasNot() {
        var book = ProbeBook(limit: 1)
        var round = SampleRound(count: 3)
        _ = round.startable(book: &book, now: WallInstant(secondsSince1970: 0)) { (identity($0), nil) }
        let ended = round.ended(limit: 1, cancelled: false)
        #expect(ended.map(\.index) == [0, 1, 2])
        #expect(ended.map(\.error) == [.timedOut, .tooManyStuck(limit: 1), .tooManyStuck(limit: 1)])
        #expect(round.isOver)
    }
}
