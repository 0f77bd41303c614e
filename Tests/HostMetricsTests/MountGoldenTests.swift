import Base
import Testing

@testable import HostMetrics

/// Each file of `Golden` holds a table of mounts (`# own`, and `# first` where process 1 has another) and what `apus
/// disk` makes of it: `# shown` (mount point, source, type, ro or rw), `# hidden`, `# malformed`.
@Suite struct MountGoldenTests {
    private static let folder = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Golden"

    @Test(arguments: [
        "host", "overmounts", "readonly", "docker", "hardened-service", "host-pid-container", "btrfs", "odd-lines",
    ])
    func showsWhatIsExpected(name: String) throws {
        let sections = try MountGoldenTests.sections("\(MountGoldenTests.folder)/\(name).mounts")
        let first = sections["first"].map { MountInfo(Array($0.joined(separator: "\n").utf8)) }
        let own = MountInfo(Array(try #require(sections["own"]).joined(separator: "\n").utf8))
        let choice = MountTable.choose(first: first, own: own)
        let shown = MountSelection().mounts(of: choice.table).map { mount in
            let point = MountGoldenTests.escaped(mount.mountPoint.description)
            return "\(point) \(mount.source) \(mount.type) \(mount.isReadOnly ? "ro" : "rw")"
        }
        #expect(shown == sections["shown"])
        #expect(choice.hidden.map(\.mountPoint.description) == sections["hidden", default: []])
        #expect("\(choice.malformedLines)" == sections["malformed"]?.first ?? "0")
    }

    private static func escaped(_ text: String) -> String {
        text.map { ["\n": "\\n", "\t": "\\t", "\\": "\\\\"][$0] ?? String($0) }.joined()
    }

    private static func sections(_ path: String) throws -> [String: [String]] {
        var result: [String: [String]] = [:]
        var name = ""
        for line in String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n") {
            if line.hasPrefix("# ") {
                name = String(line.dropFirst(2))
            } else {
                result[name, default: []].append(String(line))
            }
        }
        return result
    }
}

@Suite struct MountTableTests {
    @Test func decodesEveryOctalEscape() {
        for byte in UInt8.min...UInt8.max {
            let octal = String(byte, radix: 8)
            let field = Array(("a\\" + String(repeating: "0", count: 3 - octal.count) + octal + "z").utf8)
            #expect(MountInfo.decoded(field[...]) == [UInt8(ascii: "a"), byte, UInt8(ascii: "z")])
        }
        #expect(MountInfo.decoded(Array("\\400\\".utf8)[...]) == Array("\\400\\".utf8))
    }

    @Test func namesThatAreNotUTF8StayApart() throws {
        let line = Array("20 1 8:1 / /mnt/caf".utf8) + [0xE9] + Array("\\377\\303\\251 rw - ext4 /dev/sda1 rw".utf8)
        let mount = try #require(MountInfo(line).mounts.first)
        #expect(mount.mountPoint.bytes == Array("/mnt/caf".utf8) + [0xE9, 0xFF, 0xC3, 0xA9])
        #expect(mount.mountPoint.description == "/mnt/caf\\xe9\\xffé")
        #expect(RawName([0x2F, 0xFE]).description != RawName([0x2F, 0xFF]).description)
    }

    @Test(arguments: [
        ("/", 20), ("/data", 25), ("/data/new/file", 26), ("/data/inner/x", 25), ("/database", 20), ("/dev/shm/x", 22),
    ])
    func followsPathsAsTheKernelDoes(path: String, id: Int) throws {
        let table = MountTable([
            mount(20, 1, "/"), mount(21, 20, "/dev/shm"), mount(22, 21, "/dev/shm"), mount(23, 20, "/data"),
            mount(24, 23, "/data/inner"), mount(25, 23, "/data"), mount(26, 25, "/data/new"),
        ])
        #expect(table.mount(holding: RawName(Array(path.utf8)))?.id == id)
    }

    @Test func aLoopOfParentsEnds() {
        let table = MountTable([mount(1, 2, "/"), mount(2, 1, "/"), mount(3, 3, "/")])
        #expect(table.mount(holding: "/")?.id == 3)
    }

    @Test func whatCanHangIsKnownByItsTypeAndItsWay() {
        let mounts = [
            mount(20, 1, "/"), mount(21, 20, "/net", type: "nfs4"), mount(22, 21, "/net/loop"),
            mount(23, 20, "/f", type: "fuse.sshfs"), mount(24, 20, "/x", type: "invented"),
        ]
        let table = MountTable(mounts)
        #expect(mounts.map(table.canHang) == [false, true, true, true, true])
    }

    @Test func devicesStandForTheirFileSystem() {
        let root = Mount(
            id: 1, parentID: 0, device: DeviceNumber(major: 8, minor: 1), mountPoint: "/", type: "ext4",
            source: "/dev/sda1")
        let deep = Mount(
            id: 2, parentID: 1, device: DeviceNumber(major: 8, minor: 1), mountPoint: "/a", type: "ext4",
            source: "/dev/sda1")
        let table = MountTable([root, deep])
        #expect(PathResolver.mount(of: "/dev/sda1", in: table) == root)
        #expect(PathResolver.mount(of: "/a/b", in: table) == deep)
    }

    private func mount(_ id: Int, _ parent: Int, _ point: String, type: String = "ext4") -> Mount {
        Mount(
            id: id, parentID: parent, device: DeviceNumber(major: 8, minor: UInt32(id)),
            mountPoint: RawName(Array(point.utf8)), type: type, source: "/dev/x")
    }
}
