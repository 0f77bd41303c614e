import Base
import Profiling
import Testing

@Suite("pprof encoding")
struct PprofProfileTests {
    private static let mapping = MemoryMapping.parse("00400000-00500000 r-xp 00001000 08:01 42   /usr/bin/apus")[0]

    private func profile(stacks: [[UInt64]: Int]) -> PprofProfile {
        let main = Symbol(mapping: Self.mapping, mangledName: "main", name: "main")
        let work = Symbol(mapping: Self.mapping, mangledName: "$s4apus4workyyF", name: "apus.work() -> ()")
        return PprofProfile(
            stacks: stacks, symbols: [0x400010: work, 0x400020: main, 0x400030: main],
            period: .milliseconds(10), start: WallInstant(secondsSince1970: 1_700_000_000), duration: .seconds(2),
            comments: ["a comment"])
    }

    @Test("the fields of profile.proto hold counts, CPU time, names and times")
    func content() throws {
        let message = try #require(
            ProtobufReader(profile(stacks: [[0x400010, 0x400020]: 3, [0x400030]: 1]).encoded()))
        let strings = message.strings(6)
        #expect(strings.first == "")
        let types = message.messages(1).map { [strings[Int($0.number(1))], strings[Int($0.number(2))]] }
        #expect(types == [["samples", "count"], ["cpu", "nanoseconds"]])
        #expect(message.messages(2).map { $0.packed(2) } == [[3, 30_000_000], [1, 10_000_000]])
        #expect(message.messages(2).map { $0.packed(1) } == [[1, 2], [3]])
        #expect(message.messages(4).map { $0.number(3) } == [0x400010, 0x400020, 0x400030])
        #expect(message.messages(5).map { strings[Int($0.number(2))] } == ["apus.work() -> ()", "main"])
        #expect(message.messages(5).map { strings[Int($0.number(3))] } == ["$s4apus4workyyF", "main"])
        let mapping = try #require(message.messages(3).first)
        #expect([mapping.number(2), mapping.number(3), mapping.number(4)] == [0x400000, 0x500000, 0x1000])
        #expect(strings[Int(mapping.number(5))] == "/usr/bin/apus")
        #expect(message.number(9) == 1_700_000_000_000_000_000)
        #expect(message.number(10) == 2_000_000_000)
        #expect(message.number(12) == 10_000_000)
        #expect(message.packed(13).map { strings[Int($0)] } == ["a comment"])
    }

    @Test("the same content gives the same bytes")
    func stable() {
        let stacks: [[UInt64]: Int] = [[0x400010]: 1, [0x400020]: 1, [0x400030]: 1, [0x400010, 0x400030]: 1]
        #expect(Set((0..<8).map { _ in profile(stacks: stacks).encoded() }).count == 1)
    }

    @Test("a profile without samples is still a profile")
    func empty() throws {
        let message = try #require(ProtobufReader(profile(stacks: [:]).encoded()))
        #expect(message.messages(2).isEmpty)
        #expect(message.messages(1).count == 2)
    }

    @Test(
        "lines of /proc/self/maps",
        arguments: [
            ("55d0-55e0 r-xp 00002000 fe:00 17    /opt/a b/apus (deleted)", "/opt/a b/apus"),
            ("7f00-7f10 r-xp 00000000 00:00 0     [vdso]", "[vdso]"),
            ("7f00-7f10 rw-p 00000000 fe:00 17    /lib/libc.so", nil),
            ("7f00-7f10 r-xp 00000000 00:00 0", nil),
            ("nonsense", nil),
        ] as [(String, String?)])
    func mappings(line: String, path: String?) {
        #expect(MemoryMapping.parse(line).first?.path == path)
    }
}
