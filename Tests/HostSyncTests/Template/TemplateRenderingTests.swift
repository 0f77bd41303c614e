import Settings
import TestKit
import Testing

@testable import HostSync

/// Templates over the variables of `TemplateVariables`; what they give is what Jinja2 3.1 gives with Ansible's white space
/// (`trim_blocks`, `keep_trailing_newline`, StrictUndefined).
@Suite struct TemplateRenderingTests {
    static let variables = """
        name: web1
        port: 8080
        ratio: 0.5
        on: true
        nothing: null
        list: [3, 1, 2]
        words: [b, a, b]
        users:
          - { name: ann, uid: 1001, admin: true }
          - { name: bob, uid: 1002 }
        map: { a: 1, b: two }
        text: "a b  c"
        path: /etc/nginx/nginx.conf
        """

    static func scope() throws -> MapScope {
        let node = try #require(YAMLDocument(Array(variables.utf8), file: "vars").root)
        return MapScope(try #require(Value(node).map))
    }

    @Test(arguments: [
        ("plain", "plain"), ("{ not } {a template}", "{ not } {a template}"), ("{{ name }}:{{ port }}", "web1:8080"),
        ("{{ 'a' ~ 1 ~ true }}", "a1true"),
        ("{{ port + 1 }} {{ port / 2 }} {{ 7 // 2 }} {{ -7 % 3 }}", "8081 4040 3 2"),
        ("{{ list[0] }} {{ list[-1] }} {{ users[1].name }} {{ map['b'] }}", "3 2 bob two"),
        ("{{ 'x' if on else 'y' }}{{ 'z' if nothing }}", "x"),
        ("{{ port == 8080 and name != 'x' or false }}", "true"),
        ("{{ 1 < 2 <= 2 }} {{ 2 in list }} {{ 'z' not in words }}", "true true true"),
        ("{{ missing | default('d') }} {{ nothing | default('e', true) }} {{ map.zz | default(1) }}", "d e 1"),
        (
            "{{ missing is defined }} {{ name is defined }} {{ port is number }} {{ list is not mapping }}",
            "false true true true"
        ),
        (
            "{{ list | sort | join(',') }} {{ words | unique | join('-') }} {{ list | max }} {{ list | sum }}",
            "1,2,3 b-a 3 6"
        ),
        ("{{ users | map(attribute='name') | join(' ') }}", "ann bob"),
        ("{{ users | selectattr('admin', 'defined') | map(attribute='uid') | list | first }}", "1001"),
        ("{{ users | rejectattr('admin', 'defined') | map(attribute='name') | join }}", "bob"),
        ("{{ words | map('upper') | join }}{{ list | select('odd') | list | length }}", "BAB2"),
        ("{{ text.split() | length }} {{ text | split(' ') | length }} {{ text | replace('b', 'x') }}", "3 4 a x  c"),
        ("{{ path | basename }} {{ path | dirname }}", "nginx.conf /etc/nginx"),
        ("{{ path | regex_replace('^/etc/([a-z]+)/.*$', '\\\\1') }}", "nginx"),
        ("{{ 'a1b22' | regex_replace('[0-9]+', '#') }} {{ 'v12' | regex_search('[0-9]+') }}", "a#b# 12"),
        ("{{ \"it's\" | quote }} {{ 'ab' | quote }}", "'it'\\''s' ab"),
        ("{{ map | to_json }} {{ list | to_json }}", "{\"a\":1,\"b\":\"two\"} [3,1,2]"),
        ("{{ 'Hello' | b64encode }} {{ 'SGVsbG8=' | b64decode }}", "SGVsbG8= Hello"),
        ("{{ map.items() | map('last') | join(',') }} {{ map.get('q', 5) }} {{ map | length }}", "1,two 5 2"),
        ("{% if port > 80 %}high{% elif port == 80 %}web{% else %}low{% endif %}", "high"),
        (
            "{% for u in users %}{{ loop.index }}:{{ u.name }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "1:ann, 2:bob"
        ),
        ("{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}", "a=1;b=two;"),
        ("{% for x in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for x in list if x > 1 %}{{ x }}{% endfor %}", "32"),
        ("{% set x = port + 1 %}{{ x }}", "8081"), ("a{# comment #}b", "ab"),
        ("{% raw %}{{ name }}{% endraw %}!", "{{ name }}!"),
        ("a\n{% if on %}\nb\n{% endif %}\nc\n", "a\nb\nc\n"), ("x  {%- if on %}  y  {%- endif %}  z", "x  y  z"),
        ("a {{- name -}} b", "aweb1b"), ("{{ '}}' }}{{ {'a': {'b': 1}}.a.b }}", "}}1"),
        ("{{ [1, 2] + [3] }} {{ 'ab' * 2 }} {{ (1, 2)[1] }}", "[1,2,3] abab 2"),
        ("{{ 'abc'[1:] }} {{ list[:2] }}", "bc [3,1]"),
        ("{{ range(3) | list }} {{ range(5, 1, -2) | list }}", "[0,1,2] [5,3]"),
        ("{{ on | ternary('yes', 'no') }} {{ '5' | int + 1 }} {{ 'x' | int(7) }}", "yes 6 7"),
        ("{{ 'a\\nb' | indent(2) }}", "a\n  b"), ("ä{{ 'ö' | upper }}", "äÖ"), ("{{ none }}|{{ true }}", "|true"),
    ])
    func renders(template: String, expected: String) throws {
        #expect(try Template(parsing: template).render(try TemplateRenderingTests.scope()) == expected)
    }

    @Test(arguments: [
        ("{{ port }}", Value.integer(8080)), ("{{ list }}", .list([.integer(3), .integer(1), .integer(2)])),
        ("x{{ port }}", "x8080"),
        ("{{ on }}", .bool(true)), ("{{ nothing }}", .null), ("{{ name }} ", "web1 "),
    ])
    func keepsTheTypeOfALoneExpression(template: String, expected: Value) throws {
        #expect(try Template(parsing: template).value(try TemplateRenderingTests.scope()) == expected)
    }

    @Test(arguments: [
        ("{{ prot }}", "1:4", "\"prot\" is not defined; did you mean \"port\"?"),
        ("a\n {{ map.cc }}", "2:8", "there is no key \"cc\""),
        ("{{ list[7] }}", "1:8", "the list has no item 7, it has 3"), ("{{ 1 / 0 }}", "1:6", "division by zero"),
        ("{{ name + 1 }}", "1:9", "text + an integer has no meaning; ~ joins texts"),
        ("{{ name", "1:1", "this is not closed"),
        ("{% if on %}x", "1:13", "elif or else or endif is missing"),
        ("{% endif %}", "1:1", "endif has nothing to end"),
        ("{{ name | uper }}", "1:11", "there is no filter uper; did you mean \"upper\"?"),
        ("{{ 1 + }}", "1:8", "an expression is missing"),
        ("{{ a b }}", "1:6", "the expression has ended before this"), ("ä{{ ö }}", "1:5", "\"ö\" is not defined"),
        ("{{ 9223372036854775807 + 1 }}", "1:24", "the number is out of range"),
        ("{{ [] | first }}", "1:9", "the list is empty"),
        (
            "{% for a, b in list %}{% endfor %}", "1:1",
            "the loop has 2 names, and an item is an integer; give map.items()"
        ),
    ])
    func saysWhatIsWrongAndWhere(template: String, place: String, message: String) throws {
        let error = #expect(throws: TemplateError.self) {
            try Template(parsing: template).render(try TemplateRenderingTests.scope())
        }
        #expect(error.map { "\($0.line):\($0.column)" } == place)
        #expect(error?.message == message)
    }

    private struct Later: TemplateScope {
        func lookup(_ name: String) -> TemplateLookup { name == "facts" ? .unavailable : .undefined }
    }

    @Test(arguments: [
        "{{ facts.os }}", "{{ facts is defined }}", "{{ facts.x | default('y') }}", "{% if facts %}{% endif %}",
    ])
    func saysThatAValueComesLater(template: String) throws {
        let error = #expect(throws: TemplateError.self) { try Template(parsing: template).render(Later()) }
        #expect(error?.unavailableName == "facts")
    }

    @Test func doesNotTouchWhatIsNotNeeded() throws {
        #expect(try Template(parsing: "{{ 1 if true else facts.x }}").render(Later()) == "1")
    }

    /// What a hostile text asks for ends with an error, in bounded time.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "{% for a in range(999999) %}{% for b in range(999999) %}x{% endfor %}{% endfor %}",
            "{{ 'xxxxxxxxxx' * 99999999 }}", "{{ range(99999999999) | list }}",
            "{{ " + String(repeating: "(", count: 10_000) + " }}",
            "{{ " + String(repeating: "not ", count: 10_000) + "x }}",
            "{{ " + String(repeating: "-", count: 10_000) + "1 }}",
            "{{ 1" + String(repeating: "+1", count: 10_000) + " }}", String(repeating: "{% if true %}", count: 10_000),
            "{% set x = 'ab' %}" + String(repeating: "{% set x = x ~ x %}", count: 60) + "{{ x }}",
            "{{ x" + String(repeating: ".y", count: 10_000) + " }}",
            "{{ 1" + String(repeating: "|int", count: 10_000) + " }}",
            "{{ [[]]" + String(repeating: "|list", count: 1000) + " }}",
        ])
    func boundsWhatItCosts(template: String) throws {
        #expect(throws: TemplateError.self) {
            try Template(parsing: template).render(try TemplateRenderingTests.scope())
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: 0..<500) func survivesAnything(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let words = [
            "{{", "}}", "{%", "%}", "{#", "#}", " ", "if", "for", "in", "endif", "endfor", "else", "elif", "set", "raw",
            "endraw", "name",
            "list", "map", "users", ".", "[", "]", "(", ")", "|", "default", "join", "map('upper')", "'a'", "\"", "'",
            "1", "-", "+", "*",
            "//", "%", "==", "<", ",", "not", "is", "defined", "loop", "\n", "ä", "\\", ":", "{", "}", "range(3)", "=",
            "~",
        ]
        let text = (0..<40).map { _ in words.randomElement(using: &generator) ?? "" }.joined(
            separator: seed % 2 == 0 ? " " : "")
        let scope = try TemplateRenderingTests.scope()
        // Either a text or an error; a trap or an endless loop fails.
        let outcome = Result { try Template(parsing: text).render(scope) }
        if case .success(let rendered) = outcome { #expect(rendered.utf8.count <= 16 << 20) }
    }
}
