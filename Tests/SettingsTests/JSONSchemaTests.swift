import Base
import Glibc
import Testing

@testable import Settings

/// The generated JSON Schema against Python's `jsonschema`, which this test requires (`pip install jsonschema`). The
/// examples are JSON, so that both sides read the same text.
@Suite("JSON Schema", .tags(.integration))
struct JSONSchemaTests {
    static let good = [
        "{}", "null", #"{"disk": null}"#, #"{"disk": {"interval": "15s", "timeout": 0}}"#,
        #"{"disk": {"report": {"url": "http://h/x", "timeout": "1s"}, "rules": [{"name": "a", "above": "80%"}]}}"#,
        #"{"disk": {"period": "1m"}}"#, #"{"disk": {"interval": "${env:WAIT}"}}"#, #"{"admin": {"listen": ":80"}}"#,
        #"{"all": {"count": 10, "flag": true, "size": "1.5GiB", "mode": "0644", "share": 0.5, "factor": 2}}"#,
        #"{"all": {"size": 4096, "paths": "/a", "word": null, "limits": {"a": 5}, "even": "4"}}"#,
        #"{"all": {"inputs": [{"file": {"path": "/a"}}, "file", {"http": {"port": 80}}]}}"#,
        #"{"all": {"paths": ["a", "b"], "labels": {"x": "y"}, "raw": [1, {"a": null}]}}"#,
        #"{"all": {"tree": {"name": "a", "children": [{"name": "b", "children": []}]}}}"#,
        #"{"all": {"level": 90}}"#, #"{"all": {"level": 12.5}}"#, #"{"all": {"level": "90%"}}"#,
        #"{"all": {"level": null}}"#,
        #"{"all": {"address": "unix:/run/x", "url": "https://h:1/"}, "log": {"level": "debug"}}"#,
    ]

    static let bad = [
        "[]", #"{"dsik": {}}"#, #"{"disk": {"interval": 15}}"#, #"{"disk": {"interval": "15"}}"#,
        #"{"disk": {"report": {}}}"#, #"{"disk": {"report": null}}"#, #"{"disk": {"rules": [{}]}}"#,
        #"{"disk": {"rules": {}}}"#, #"{"log": {"level": "loud"}}"#, #"{"all": {"count": 11}}"#,
        #"{"all": {"count": "3"}}"#, #"{"all": {"flag": "yes"}}"#, #"{"all": {"size": "1 M"}}"#,
        #"{"all": {"mode": "999"}}"#, #"{"all": {"share": 1.5}}"#, #"{"all": {"paths": []}}"#,
        #"{"all": {"text": 5}}"#, #"{"all": {"inputs": [{"file": {}, "http": {"port": 1}}]}}"#,
        #"{"all": {"inputs": ["http"]}}"#, #"{"all": {"limits": {"a": 101}}}"#, #"{"all": {"word": " "}}"#,
        #"{"all": {"tree": {"children": [{"nmae": "b"}]}}}"#, #"{"all": {"url": "ftp://h/"}}"#,
        #"{"all": {"address": "localhost"}}"#, #"{"all": {"port": 65536}}"#, #"{"all": {"even": "3"}}"#,
        #"{"all": {"level": 101}}"#, #"{"all": {"level": true}}"#, #"{"all": {"level": "much"}}"#,
    ]

    @Test("the reader takes what the schema takes, and refuses what it refuses")
    func agreement() throws {
        let references = FixedReferences(environment: ["WAIT": "20s"])
        for text in Self.good {
            let result = Demo.schema.read(Array(text.utf8), file: "f", references: references)
            #expect(result.errors == [], "\(text)")
        }
        for text in Self.bad {
            #expect(Demo.schema.read(Array(text.utf8), file: "f", references: references).file == nil, "\(text)")
        }
    }

    @Test("jsonschema takes the schema, the good examples and no bad one")
    func python() throws {
        var template = Array("/tmp/apus-schema-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { for name in ["schema.json", "good", "bad"] { unlink("\(folder)/\(name)") }; rmdir(folder) }
        try Files.writeAtomically(Array(Demo.schema.jsonSchema(title: "Demo").utf8), to: "\(folder)/schema.json")
        try Files.writeAtomically(Array(Self.good.joined(separator: "\n").utf8), to: "\(folder)/good")
        try Files.writeAtomically(Array(Self.bad.joined(separator: "\n").utf8), to: "\(folder)/bad")
        let script = """
            import json, sys
            from jsonschema import Draft202012Validator as V
            folder = sys.argv[1]
            schema = json.load(open(folder + "/schema.json"))
            V.check_schema(schema)
            for name, wanted in (("good", True), ("bad", False)):
                for line in open(folder + "/" + name):
                    if V(schema).is_valid(json.loads(line)) != wanted: print(name, line.strip())
            print("checked")
            """
        let said = try output(of: "python3 -c '\(script)' \(folder) 2>&1")
        #expect(said == "checked\n")
    }

    @Test("the schema is the same each time, and shows no secret")
    func stable() {
        let text = Demo.schema.jsonSchema(title: "Demo")
        #expect(text == Demo.schema.jsonSchema(title: "Demo"))
        #expect(text.contains(#""$schema": "https://json-schema.org/draft/2020-12/schema""#))
        #expect(text.contains(#""default": "15s""#))
        #expect(text.contains(#""description": "How often every mount is sampled.""#))
    }

    @Test("a group's own schema")
    func group() {
        let text = SettingsReader.jsonSchema(of: TreeDemo.self, title: "Tree")
        #expect(text.contains(##""$ref": "#/$defs/TreeDemo""##))
    }

    private func output(of command: String) throws -> String {
        let pipe = try #require(popen(command, "r"))
        defer { pclose(pipe) }
        return String(
            decoding: try Files.read(descriptor: fileno(pipe), name: "python3", limit: 1 << 20), as: UTF8.self)
    }
}

extension Tag {
    @Tag static var integration: Self
}
