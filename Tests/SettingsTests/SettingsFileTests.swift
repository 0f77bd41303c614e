import Base
import Glibc
import Testing

@testable import Settings

@Suite("Files of settings")
struct SettingsFileTests {
    private func read(_ text: String, _ environment: [String: String] = [:]) -> SettingsResult {
        Demo.schema.read(Array(text.utf8), file: "f", references: FixedReferences(environment: environment))
    }

    @Test("groups come by type and by name; what is absent is nil")
    func groups() throws {
        let file = try read("disk: { interval: 1m }").get()
        #expect(file.group(DiskDemo.self)?.interval == .seconds(60))
        #expect(file.group("disk", as: DiskDemo.self)?.timeout == .seconds(5))
        #expect(file.group(AllDemo.self) == nil)
        #expect(file.group(LogDemo.self) == LogDemo())
        #expect(file.sections == ["admin", "log", "disk"])
    }

    @Test("the hash is the head of the file's SHA-256")
    func hash() throws {
        #expect(try read("").get().hash == "e3b0c44298fc")
    }

    @Test("a fingerprint changes with a value and with nothing else")
    func fingerprints() throws {
        let first = try read("disk: { interval: 1m }").get()
        let same = try read("# a comment\nlog: { level: debug }\ndisk:\n  interval: 60s\n  timeout: 5s").get()
        let other = try read("disk: { interval: 61s }").get()
        #expect(first.fingerprint(of: "disk") == same.fingerprint(of: "disk"))
        #expect(first.fingerprint(of: "log") != same.fingerprint(of: "log"))
        #expect(first.fingerprint(of: "disk") != other.fingerprint(of: "disk"))
        #expect(first.fingerprint(of: "all") == nil)
        #expect(first.fingerprint(of: "nothing") == nil)
    }

    @Test("a fingerprint sees secrets and resolved references")
    func secretFingerprints() throws {
        let text = "admin: { token: \"${env:T}\" }\ndisk: { report: { url: \"http://a:${env:T}@h/\" } }"
        let first = try read(text, ["T": "one-secret"]).get()
        let second = try read(text, ["T": "two-secret"]).get()
        #expect(first.fingerprint(of: "admin") != second.fingerprint(of: "admin"))
        #expect(first.fingerprint(of: "disk") != second.fingerprint(of: "disk"))
        #expect(first.rendered() == second.rendered())
        #expect(first.hash == second.hash)
    }

    @Test("another key makes another fingerprint")
    func keyed() {
        let value = RenderedValue.text("hunter22")
        #expect(SettingsFingerprint(of: value, key: [1]) != SettingsFingerprint(of: value, key: [2]))
        #expect(SettingsFingerprint(of: value, key: [1]) == SettingsFingerprint(of: value, key: [1]))
        #expect("\(SettingsFingerprint(of: value))" == "fingerprint")
    }

    @Test("list and nesting borders show in the fingerprint")
    func canonical() {
        let values: [RenderedValue] = [
            .text("ab"), .literal("ab"), .list([.text("a"), .text("b")]), .list([.text("ab")]),
            .list([.list([.text("a")]), .text("b")]), .list([.list([.text("a"), .text("b")])]),
            .map([("a", .text("b"))]),
            .list([]), .map([]), .text(""),
        ]
        #expect(Set(values.map { SettingsFingerprint(of: $0) }).count == values.count)
    }

    @Test("a value from a reference is in no message, whoever writes it")
    func noLeak() {
        struct Leaky: SettingsGroup {
            var name = ""
            static var fields: [SettingsField<Self>] { [SettingsField("name", \.name, .string, "A name.")] }
            func check(_ complaints: inout SettingsChecker) {
                complaints.error(at: \Self.name, "no such name: \(name)")
            }
        }
        let text = Array("name: x-${env:N}-y".utf8)
        let references = FixedReferences(environment: ["N": "very-secret"])
        let result = SettingsReader.read(Leaky.self, text, file: "f", references: references)
        #expect(result.complaints.map(\.description) == ["f:1:7: name: no such name: x-${env:N}-y"])
    }

    @Test("a secret never shows, however wrong the file is", arguments: ["token", "tokn", "listen"])
    func secretStaysHidden(_ key: String) {
        let result = read(
            "admin: { \(key): \"${env:T}\" }\nall: { count: \"${env:T}\", flag: \"${env:T}\" }", ["T": "hunter22"])
        let text = result.complaints.map(\.description).joined() + (result.file?.rendered() ?? "")
        #expect(!text.contains("hunter22"))
        #expect(!result.errors.isEmpty)
    }

    @Test("errors end in exit code 65")
    func error() {
        #expect(throws: ApusError.self) { try read("x: 1").get() }
        do {
            _ = try read("x: 1\ny: 2").get()
        } catch {
            #expect(error.kind == .declaration)
            #expect(error.message.split(separator: "\n").count == 2)
        }
    }

    @Test("complaints after the fact find their place")
    func later() throws {
        let file = try read("log: {}\ndisk:\n  report: { url: \"http://h/\" }").get()
        #expect(file.complaint(at: "disk.report.url", "refused").description == "f:3:18: disk.report.url: refused")
        #expect(file.complaint(at: "admin.listen", "in use").description == "f:1:1: admin.listen: in use")
    }

    @Test("complaints are bounded and counted")
    func bounded() {
        let text = "disk:\n" + (0..<5000).map { "  key\($0): 1\n" }.joined()
        let result = read(text)
        #expect(result.file == nil)
        #expect(result.complaints.count == 1001)
        #expect(result.complaints.last?.message == "… and 4000 more")
    }

    @Test("a node kept for later is decoded with its own place")
    func node() throws {
        let document = YAMLDocument(Array("a: 1\nrules:\n- name: x\n  above: 3\n".utf8), file: "r")
        let rule = try #require(document.root?["rules"]?[0])
        let path = SettingsPath(parsing: "rules[0]")
        let result = SettingsReader.decode(RuleDemo.self, rule, at: path, file: "r", references: FixedReferences())
        #expect(result.group == nil)
        #expect(result.complaints.first?.description.hasPrefix("r:4:10: rules[0].above: found the number 3") == true)
    }

    @Test("a standalone group reads, prints and reads again")
    func standalone() throws {
        let text = Array("name: full\nabove: 95%\n".utf8)
        let rule = try #require(SettingsReader.read(RuleDemo.self, text, file: "r").group)
        #expect(rule.above == 0.95)
        #expect(SettingsReader.rendered(rule) == "name: full\nabove: 0.95\nfor: 0s\n")
        #expect(SettingsReader.read(RuleDemo.self, Array(SettingsReader.rendered(rule).utf8), file: "r").group == rule)
        #expect(SettingsReader.read(RuleDemo.self, [], file: "r").complaints.count == 1)
    }

    @Test("the system's references: environment and files")
    func systemReferences() throws {
        #expect(SystemReferences().environmentVariable("PATH") != nil)
        #expect(SystemReferences().environmentVariable("APUS_SURELY_NOT_SET") == nil)
        #expect(throws: ApusError.self) { try SystemReferences().fileContent("/nonexistent/x", limit: 10) }
        #expect(throws: ApusError.self) { try SystemReferences().fileContent("/dev/null", limit: 10) }
        var template = Array("/tmp/apus-reference-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        defer { close(descriptor) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        try Files.writeAll(Array("hunter22\n".utf8), to: descriptor, name: path)
        let text = Array("admin: { token: \"${file:\(path)}\" }".utf8)
        let file = try Demo.schema.read(text, file: "f").get()
        #expect(file.group(AdminDemo.self)?.token?.reveal() == "hunter22")
    }

    @Test("documentation names every key once a group")
    func documentation() {
        let text = Demo.schema.documentation
        #expect(text.contains("## `disk`"))
        #expect(text.contains("| `interval` | a duration from 100ms to 1d"))
        #expect(text.contains("### `disk.report`"))
        #expect(text.contains("| `url` | a URL such as https://host:port/path | required |"))
        #expect(text.contains("A share \\| of all."))
    }
}
