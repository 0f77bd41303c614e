import Base
import Settings
import Testing

@testable import LogArchive

@Suite("What logrotate says becomes a rule")
struct LogrotateTranslationTests {
    private func rule(_ body: String, before: String = "") throws -> (settings: RuleSettings, notes: [String]) {
        let result = LogrotateImport.read(Array("\(before)\n/var/log/x.log {\n\(body)\n}\n".utf8), file: "x")
        return (try #require(result.rules.first).settings, result.notes.map { "\($0.directive): \($0.what)" })
    }

    @Test("its defaults are written out, since ours are others")
    func defaults() throws {
        let (settings, notes) = try rule("")
        #expect(settings.rotate.keep == 0)
        #expect(settings.rotate.size == .mebibytes(1))
        #expect(settings.rotate.every == nil)
        #expect(settings.rotate.ifEmpty)
        #expect(!settings.missingOK)
        #expect(settings.rotate.method == .rename)
        #expect(settings.rotate.create.skip)
        #expect(settings.rotate.naming == .number)
        #expect(settings.rotate.start == 1)
        #expect(settings.compress == nil)
        #expect(notes.isEmpty)
    }

    @Test(
        "each of these is told and not lost",
        arguments: [
            ("mail a@b", "mail"), ("renamecopy", "renamecopy"), ("shredcycles 5", "shredcycles"),
            ("minsize 5\nsize 9", "minsize"), ("minage 5", "minage"), ("createolddir 700", "createolddir"),
            ("olddir ../old", "olddir"), ("compress\ncompresscmd xz", "compresscmd"),
            ("compress\ncompressext .z", "compressext"),
            ("compress\nuncompresscmd x", "uncompresscmd"), ("compress\ncompressoptions -6 --weird", "compressoptions"),
            ("dateext\ndateformat -%Y/%m/%d", "dateformat"), ("extension a/b", "extension"), ("size 5\ndaily", "size"),
            ("daily\nsize 5", "daily"), ("maxage 99999", "maxage"), ("rotate 2000000", "rotate"),
            ("errors x", "errors"),
            ("dateext\ndateyesterday\ndatehourago", "datehourago"), ("strange 5", "logrotate"),
        ])
    func notes(body: String, directive: String) throws {
        #expect(try rule(body).notes.contains { $0.hasPrefix(directive + ": ") })
    }

    @Test("logrotate forgets an addextension that is to hold for all")
    func addExtension() throws {
        let (settings, notes) = try rule("", before: "addextension .log")
        #expect(settings.rotate.addExtension == nil)
        #expect(notes.contains { $0.hasPrefix("addextension: ") })
        #expect(try rule("addextension .log").settings.rotate.addExtension == ".log")
    }

    @Test(
        "scripts that tell a writer to reopen",
        arguments: [
            ("kill -USR1 $(cat /run/nginx.pid)", "USR1 /run/nginx.pid"),
            ("kill -s USR1 `cat /run/nginx.pid`", "USR1 /run/nginx.pid"),
            ("/bin/kill -SIGHUP \"$(cat /run/a.pid)\" 2>/dev/null || true", "HUP /run/a.pid"),
            ("kill -1 $(cat '/run/a.pid')", "HUP /run/a.pid"),
            ("[ -f /run/nginx.pid ] && kill -USR1 `cat /run/nginx.pid`", "USR1 /run/nginx.pid"),
            ("[ ! -f /run/nginx.pid ] || kill -USR1 `cat /run/nginx.pid`", "USR1 /run/nginx.pid"),
            ("test -s /run/n.pid && kill -HUP $(cat /run/n.pid)", "HUP /run/n.pid"),
            ("if [ -f /run/n.pid ]; then\n\tkill -USR1 `cat /run/n.pid`\nfi", "USR1 /run/n.pid"),
            ("if [ -f /run/n.pid ]; then \\\n kill -USR1 `cat /run/n.pid`; \\\nfi;", "USR1 /run/n.pid"),
            (
                "# reopen\nsystemctl kill -s HUP rsyslog.service >/dev/null 2>&1 || true",
                "systemctl kill -s HUP rsyslog.service"
            ),
            ("invoke-rc.d nginx rotate >/dev/null 2>&1", "invoke-rc.d nginx rotate"),
            ("/usr/lib/rsyslog/rsyslog-rotate", "/usr/lib/rsyslog/rsyslog-rotate"),
        ])
    func reopen(script: String, wanted: String) throws {
        let (settings, _) = try rule("postrotate\n\(script)\nendscript")
        let reopen = try #require(settings.rotate.reopen)
        let found = reopen.pidFile.map { "\(reopen.signal.rawValue) \($0)" } ?? reopen.run.joined(separator: " ")
        #expect(found == wanted)
        #expect(settings.hooks.postRotate == nil)
    }

    @Test(
        "scripts that stay scripts",
        arguments: [
            "kill -USR1 $(cat /run/a.pid) $(cat /run/b.pid)", "kill -KILL $(cat /run/a.pid)", "kill -HUP $PID",
            "[ -f /run/a.pid ] && kill -HUP $(cat /run/b.pid)", "[ -f /run/a.pid ] || kill -HUP $(cat /run/a.pid)",
            "systemctl reload a; systemctl reload b", "systemctl reload a\nsystemctl reload b", "systemctl reload $1",
            "systemctl reload a | logger", "cp $1 /backup", "echo done > /tmp/x", "nginx -s reopen && true",
            "systemctl reload a &",
            "systemctl reload a\r\nsystemctl reload b", "kill -HUP $(cat run/a.pid)", "kill -HUP $(cat /run/*.pid)",
            "A=b systemctl reload a", "! systemctl reload a",
            "if [ -f /run/a ]; then kill -HUP $(cat /run/a); fi; rm /run/b",
        ])
    func shell(script: String) throws {
        let (settings, _) = try rule("postrotate\n\(script)\nendscript")
        #expect(settings.rotate.reopen == nil)
        let kept = try #require(settings.hooks.postRotate?.shell)
        #expect(kept.hasPrefix(script.prefix(while: { $0 != "\n" && $0 != "\r\n" })))
        #expect(settings.hooks.postRotate?.timeout == .seconds(3600), "logrotate has no limit of a minute")
    }

    @Test("a script that no rule can hold is told")
    func hugeScript() throws {
        let (settings, notes) = try rule("prerotate\n\(String(repeating: "x", count: 1 << 20))y\nendscript")
        #expect(settings.hooks.preRotate == nil)
        #expect(notes == ["prerotate: the script has more than 1 MiB: left out"])
    }

    @Test("with copytruncate nothing is reopened: the script runs as it is")
    func copyTruncate() throws {
        let (settings, _) = try rule("copytruncate\npostrotate\nkill -HUP $(cat /run/a.pid)\nendscript")
        #expect(settings.rotate.reopen == nil)
        #expect(settings.hooks.postRotate?.shell == "kill -HUP $(cat /run/a.pid)")
    }

    @Test(
        "compression",
        arguments: [
            ("compress", CompressSettings.Algorithm.gzip, 6), ("compress\ncompressoptions -9", .gzip, 9),
            ("compress\ncompresscmd /usr/bin/zstd", .zstd, 3),
            ("compress\ncompresscmd zstd\ncompressoptions -19", .zstd, 19),
            ("compress\ncompresscmd bzip2", .zstd, nil), ("compress\ncompressoptions --best", .gzip, 9),
        ] as [(String, CompressSettings.Algorithm, Int?)])
    func compression(body: String, algorithm: CompressSettings.Algorithm, level: Int?) throws {
        let compress = try #require(try rule(body).settings.compress)
        #expect(compress.algorithm == algorithm)
        #expect(compress.level == level)
    }

    @Test(
        "a date format means the same in both",
        arguments: [
            (".%Y-%m-%d", ".%Y-%m-%d"), ("  -%s", "-%s"), ("-%Y%Z", "-%Y%%Z"), ("%%", "%%%%"), ("%%Y", "%%%Y"),
            ("%", "%%"),
        ])
    func dateFormats(theirs: String, ours: String) {
        #expect(LogrotateTranslator.dateFormat(theirs) == ours)
    }

    @Test("names keep logrotate's order where it decides who has a log")
    func order() {
        func names(_ text: String) -> [String] {
            LogrotateImport.read(Array(text.utf8), file: "conf").rules.map(\.name)
        }
        #expect(names("/l/b.log { }\n/l/a.log { }") == ["conf-b", "conf-a"])
        #expect(names("/l/b.log { }\n/l/*.log { }") == ["conf-b", "conf-l"])
        #expect(names("/l/x.log { }\n/l/*.log { }") == ["1-conf-x", "2-conf-l"])
        #expect(names("/l/a.log { }") == ["conf"])
        #expect(names("/l/a { }\n/m/a { }\n/n/a { }") == ["conf-a", "conf-a-2", "conf-a-3"])
        #expect(names("/l/\" /*\" { }\n/.. { }") == ["conf", "conf-2"])
    }
}
