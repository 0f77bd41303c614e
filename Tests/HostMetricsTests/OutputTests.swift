import Base
import Glibc
import Testing

@testable import HostMetrics
@testable import Terminal

@Suite struct OutputTests {
    private static func mount(_ point: RawName, readOnly: Bool = false) -> Mount {
        Mount(
            id: 1, parentID: 0, device: DeviceNumber(major: 8, minor: 1), mountPoint: point, type: "ext4",
            source: "/dev/sda1",
            options: [readOnly ? "ro" : "rw"])
    }

    private let full = MountSample(
        mount: mount("/srv"),
        outcome: .figures(
            FileSystemFigures(
                blockSize: 4096, blocks: 1000, freeBlocks: 100, availableBlocks: 50, inodes: 10, freeInodes: 5)))
    private let hung = MountSample(
        mount: mount(RawName([0x2F, 0x22, 0x0A, 0xFF]), readOnly: true), outcome: .failed(.timedOut))

    @Test func jsonHasExactlyTheKeys() {
        let text = String(decoding: SampleJSON.document([full, hung]), as: UTF8.self)
        #expect(
            text == """
                [
                  {"mount":"/srv","device":"/dev/sda1","type":"ext4","sizeBytes":4096000,"usedBytes":3686400,\
                "availableBytes":204800,"usePercent":95,"inodesUsePercent":50,"readOnly":false,"error":null},
                  {"mount":"/\\"\\n\\\\xff","device":"/dev/sda1","type":"ext4","sizeBytes":null,"usedBytes":null,\
                "availableBytes":null,"usePercent":null,"inodesUsePercent":null,"readOnly":true,"error":"timed out"}
                ]

                """)
        #expect(SampleJSON.document([]) == Array("[]\n".utf8))
    }

    @Test func prometheusKeepsTheErrorAndNoStaleFigure() {
        let text = SamplePrometheus.document([full, hung])
        #expect(text.contains("apus_disk_size_bytes{mount=\"/srv\",device=\"/dev/sda1\",fstype=\"ext4\"} 4096000\n"))
        #expect(
            text.contains("apus_disk_device_error{mount=\"/\\\"\\n\\\\xff\",device=\"/dev/sda1\",fstype=\"ext4\"} 1\n"))
        #expect(!text.contains("apus_disk_size_bytes{mount=\"/\\\""))
    }

    @Test(arguments: [80, 60, 40, 30]) func tableFits(width: Int) {
        let table = SampleTable([full, hung], width: width, color: false, glyphs: .unicode)
        for line in [table.header, table.line(full), table.line(hung)] {
            #expect(TerminalText.width(line) <= width, "\(line)")
        }
        #expect(table.line(full).contains("95%"))
        #expect(table.line(hung).contains("timed out"))
    }

    @Test(arguments: [
        (UsageLimits(), DiskListing.Verdict.fine), (UsageLimits(warn: 1), .fine), (UsageLimits(fail: 95), .pastFail),
        (UsageLimits(fail: 96), .fine), (UsageLimits(warn: 90, fail: 95), .pastFail),
    ])
    func verdictCountsTheLimitItself(limits: UsageLimits, expected: DiskListing.Verdict) {
        var listing = DiskListing()
        listing.limits = limits
        #expect(listing.verdict([full], failures: 0) == expected)
        #expect(listing.verdict([full, hung], failures: 0) == (expected == .pastFail ? .pastFail : .incomplete))
        #expect(listing.verdict([full], failures: 1) == (expected == .pastFail ? .pastFail : .incomplete))
    }
}
