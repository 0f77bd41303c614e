import Testing

@testable import HostSync

/// `cron`, `mount`, `sysctl`, `hostname`, `timezone` and `kernelModule`: on tables, and in a box where nothing of the
/// machine's own can change.
@Suite(.timeLimit(.minutes(5)))
struct SystemResourceTests {
    // MARK: cron

    static let jobs: [(yaml: String, text: String)] = [
        ("command: /bin/true", "# job: kept by apus sync\n* * * * * root /bin/true\n"),
        (
            "{command: 'date +%F >/tmp/d', minute: 5, hour: '*/2', weekday: mon-fri, user: eva}",
            "# job: kept by apus sync\n5 */2 * * mon-fri eva date +\\%F >/tmp/d\n"
        ),
        ("{command: 'date +\\%F', special: '@daily'}", "# job: kept by apus sync\n@daily root date +\\%F\n"),
        (
            "{command: x, env: {MAILTO: ops, Q: 'a \"b\" '}}",
            "# job: kept by apus sync\nMAILTO=\"ops\"\nQ='a \"b\" '\n* * * * * root x\n"
        ),
    ]

    @Test(arguments: jobs)
    func cronWritesAJob(_ yaml: String, _ text: String) throws {
        let body = yaml.hasPrefix("{") ? String(yaml.dropFirst().dropLast()) : yaml
        let read = ResourceHarness.read(CronResource.self, "{name: job, \(body)}")
        #expect(try #require(read.group, "\(read.complaints)").text == text)
    }

    @Test(arguments: [
        "{name: a.b, command: x}", "{name: ../x, command: x}", "{name: a}", "{name: a, command: x, minute: 60}",
        "{name: a, command: x, minute: 5-1}", "{name: a, command: x, hour: '*/0'}",
        "{name: a, command: x, weekday: moo}",
        "{name: a, command: x, special: '@daily', hour: 3}", "{name: a, command: \"x\\ny\"}",
        "{name: a, command: x, env: {'A B': c}}", "{name: a, command: x, minute: ''}",
    ])
    func cronRefusesWhatCronWouldPassOver(_ yaml: String) {
        #expect(ResourceHarness.read(CronResource.self, yaml).group == nil)
    }

    @Test(.enabled(if: ResourceHarness.canBox), arguments: LocalShell.allCases)
    func cronComesAndGoes(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell, isBoxed: true)
        try host.sh("rm -rf etc/cron.d")
        let job = try host.declare(CronResource.self, "{name: job, command: x}")
        #expect(throws: ResourceFault.self) { try host.compare(job) }
        try host.sh("mkdir etc/cron.d; chmod 755 etc/cron.d")
        let outcome = try host.converge(job)
        #expect(outcome.output.isEmpty)
        #expect(outcome.left.isEmpty)
        #expect(try host.sh("stat -c %a etc/cron.d/job; tail -n 1 etc/cron.d/job") == "644\n* * * * * root x")
        #expect(try host.converge(host.declare(CronResource.self, "{name: job, state: absent}")).left.isEmpty)
        #expect(try host.sh("ls etc/cron.d").isEmpty)
    }

    // MARK: mount

    private static let line = "tmpfs\t/mnt/a\\040b\ttmpfs\tsize=1m\t0\t0\n"
    static let mounts: [(yaml: String, table: String, isMounted: Bool, differs: [String], after: String?)] = [
        ("", "# c\n", false, ["content", "mounted"], "# c\n" + line),
        ("", line, true, [], nil),
        ("", line, false, ["mounted"], nil),
        ("", "tmpfs  /mnt/a\\040b tmpfs size=1m\n", true, [], nil),
        ("", "tmpfs /mnt/a\\040b tmpfs size=2m 0 0\n", true, ["content"], line),
        ("state: present", "", true, ["content"], line),
        ("state: present", line, false, [], nil),
        ("state: unmounted", line, true, ["mounted"], nil),
        ("state: absent", "a /b c\n" + line, true, ["content", "mounted"], "a /b c\n"),
        ("state: absent", "", false, [], nil),
    ]

    @Test(arguments: mounts)
    func mountsAreCompared(_ yaml: String, _ table: String, _ isMounted: Bool, _ differs: [String], _ after: String?)
        throws
    {
        let mount = try #require(
            ResourceHarness.read(
                MountResource.self, "{path: '/mnt/a b', source: tmpfs, type: tmpfs, options: size=1m, \(yaml)}"
            ).group)
        var answer = ProbeAnswer()
        let bytes = Array(table.utf8)
        answer.paths["/etc"] = .present(PathStatus(kind: .directory, mode: 0o755))
        answer.paths["/etc/fstab"] = .present(
            PathStatus(kind: .file, mode: 0o644, size: bytes.count, digest: ContentDigest.of(bytes)))
        answer.contents["/etc/fstab"] = bytes
        answer.queries["mounts"] = (isMounted ? "/mnt/a\\040b\n" : "", 0)
        var host = HostState(answer)
        let comparison = try mount.compare(&host)
        #expect(comparison.differences.map(\.what) == differs)
        #expect(comparison.differences.first?.text?.new.map { String(decoding: $0, as: UTF8.self) } == after)
        #expect(comparison.steps.isEmpty == differs.isEmpty)
    }

    @Test(.enabled(if: ResourceHarness.canBox))
    func aTmpfsIsMounted() throws {
        let host = try ResourceHarness(.dash, isBoxed: true)
        let mount = try host.declare(
            MountResource.self, "{path: '/home/a b', source: tmpfs, type: tmpfs, options: size=1m}")
        let probe = "\(MountResource.mounted.script(["/home/a b"])); tail -n 1 /etc/fstab"
        let outcome = try host.converge(mount, then: probe)
        #expect(outcome.output == "/home/a\\040b\ntmpfs\t/home/a\\040b\ttmpfs\tsize=1m\t0\t0\n")
        #expect(outcome.left == ["mounted"], "the namespace, and the mount with it, ended with the script")
    }

    // MARK: sysctl

    static let settings: [(yaml: String, file: String?, running: String?, differs: [String], after: String?)] = [
        ("value: 1", nil, "0", ["content", "running value"], "net.ipv4.ip_forward = 1\n"),
        ("value: 1", "net.ipv4.ip_forward=1\n", "1", [], nil),
        ("value: 1", "net.ipv4.ip_forward=1\n", "0", ["running value"], nil),
        ("value: 1", "a = 1\nnet/ipv4/ip_forward = 0\n", "1", ["content"], "a = 1\nnet.ipv4.ip_forward = 1\n"),
        (
            "value: 1", "#net.ipv4.ip_forward = 1\n", "1", ["content"],
            "#net.ipv4.ip_forward = 1\nnet.ipv4.ip_forward = 1\n"
        ),
        ("value: 1 2", "-net.ipv4.ip_forward = 1\t2\n", "1\t2", [], nil),
        ("state: absent", "net.ipv4.ip_forward = 1\nb = 1\n", "1", ["content"], "b = 1\n"),
        ("state: absent", nil, "1", [], nil),
    ]

    @Test(arguments: settings)
    func settingsAreCompared(
        _ yaml: String, _ file: String?, _ running: String?, _ differs: [String], _ after: String?
    ) throws {
        let read = ResourceHarness.read(SysctlResource.self, "{name: net.ipv4.ip_forward, \(yaml)}")
        let setting = try #require(read.group, "\(read.complaints)")
        var answer = ProbeAnswer()
        answer.paths["/etc/sysctl.d"] = .present(PathStatus(kind: .directory, mode: 0o755))
        if let bytes = file.map({ Array($0.utf8) }) {
            answer.paths[setting.file] = .present(
                PathStatus(kind: .file, mode: 0o644, size: bytes.count, digest: ContentDigest.of(bytes)))
            answer.contents[setting.file] = bytes
        }
        if let running { answer.queries["sysctl"] = ("net.ipv4.ip_forward|\(running)\n", 0) }
        var host = HostState(answer)
        let comparison = try setting.compare(&host)
        #expect(comparison.differences.map(\.what) == differs)
        #expect(comparison.differences.first?.text?.new.map { String(decoding: $0, as: UTF8.self) } == after)
    }

    @Test(arguments: LocalShell.allCases)
    func aRunningSettingIsRead(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        let setting = try host.declare(SysctlResource.self, "{name: kernel.ostype, value: Linux, file: '@/x.conf'}")
        let outcome = try host.converge(setting)
        #expect(outcome.found == ["content"])
        #expect(outcome.left.isEmpty)
        let none = try host.declare(SysctlResource.self, "{name: kernel.none, value: 1, file: '@/x.conf'}")
        #expect(throws: ResourceFault.self) { try host.compare(none) }
    }

    @Test(arguments: ["kernel", "kernel..x", "../x", "a/../b", "kernel.$(x)", "-kernel.x"])
    func namesThatAreNoSettingAreRefused(_ name: String) {
        #expect(ResourceHarness.read(SysctlResource.self, "{name: '\(name)', value: 1}").group == nil)
    }

    // MARK: The rest

    @Test(.enabled(if: ResourceHarness.canBox), arguments: LocalShell.allCases)
    func theHostIsNamed(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell, isBoxed: true)
        let name = try host.declare(HostnameResource.self, "name: web-1.example.org")
        let outcome = try host.converge(name, then: "uname -n; cat /etc/hostname")
        #expect(outcome.found == ["content", "running name"])
        #expect(outcome.output == "web-1.example.org\nweb-1.example.org\n")
        #expect(outcome.left == ["running name"], "the name ended with its namespace")
    }

    @Test(.enabled(if: ResourceHarness.canBox), arguments: LocalShell.allCases)
    func theTimeZoneIsSet(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell, isBoxed: true)
        try host.sh("ln -sfn ../usr/share/zoneinfo/Etc/UTC etc/localtime; echo Etc/UTC >etc/timezone")
        let zone = try host.declare(TimezoneResource.self, "name: Europe/Berlin")
        let outcome = try host.converge(zone)
        #expect(outcome.found == ["target", "content"])
        #expect(outcome.output.isEmpty)
        #expect(outcome.left.isEmpty)
        #expect(
            try host.sh("readlink etc/localtime; cat etc/timezone")
                == "/usr/share/zoneinfo/Europe/Berlin\nEurope/Berlin")
        try host.sh("ln -sfn ../usr/share/zoneinfo/Europe/Berlin etc/localtime")
        #expect(try host.compare(zone).differences.isEmpty, "a relative link to the same file is as good")
        let none = try host.declare(TimezoneResource.self, "name: Europe/Berlim")
        #expect(throws: ResourceFault.self) { try host.compare(none) }
    }

    static let modules: [(yaml: String, loaded: String, differs: [String])] = [
        ("", "", ["at boot: content", "at boot: mode", "loaded"]),
        ("options: a=1", "dm_crypt", ["at boot: content", "at boot: mode", "options: content", "options: mode"]),
        ("", "builtin|dm_crypt", ["at boot: content", "at boot: mode"]),
        ("state: absent", "dm_crypt", ["loaded"]),
        ("state: absent", "", []),
    ]

    @Test(arguments: modules)
    func modulesAreCompared(_ yaml: String, _ loaded: String, _ differs: [String]) throws {
        let module = try #require(ResourceHarness.read(KernelModuleResource.self, "{name: dm-crypt, \(yaml)}").group)
        var answer = ProbeAnswer()
        answer.queries["modules"] = (loaded + "\n", 0)
        var host = HostState(answer)
        let comparison = try module.compare(&host)
        #expect(comparison.differences.map(\.what) == differs)
        #expect(comparison.steps.contents.count == differs.count { $0.hasSuffix("content") })
        for index in comparison.steps.contents.indices {
            #expect(comparison.steps.resolved(number: 3).contains { $0.contains("\"$S/c3-\(index)\"") })
        }
    }
}
