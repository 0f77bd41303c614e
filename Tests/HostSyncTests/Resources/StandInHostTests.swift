import Settings
import TestKit
import Testing

@testable import HostSync

/// apk, OpenRC and trust stores: a busybox root with small scripts in place of the real programs, which are not to be
/// had here. They show that questions, commands and answers fit together, not that the real programs agree.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StandInHostTests {
    private static func script(_ path: String, _ text: String) -> String {
        "mkdir -p \(path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })\ncat >\(path) <<'END'\n#!/bin/sh\n\(text)\nEND\nchmod 755 \(path)\n"
    }

    static let apk = script(
        "/usr/bin/apk",
        #"""
        echo "$*" >>/apk.log
        db=/lib/apk/db/installed
        case "$*" in
        *add*) shift; shift; for p do [ "$p" = -- ] || { n=${p%%=*}; v=${p#*=}; v=${v#\~}; [ "$v" != "$n" ] || v=1.0
        printf 'C:x\nP:%s\nV:%s-r0\np:cmd:%s=1 so:lib%s.so\n\n' "$n" "$v" "$n" "$n" >>$db; }; done;;
        *del*) : >$db;;
        *update*--repositories-file*) grep -q good "$4";;
        esac
        """#)

    @Test func apkPackages() async throws {
        let host = try await ThrowAwayHost.start(kind: "busybox")
        let shell = host.shell
        _ = try await shell.run("\(Self.apk)mkdir -p /lib/apk/db; : >/lib/apk/db/installed")
        func package(_ yaml: String) throws -> PackageResource { try declared(PackageResource.self, yaml) }
        #expect(
            told(try await shell.converge(package("name: [curl, jq]"))) == ["curl: - → installed", "jq: - → installed"])
        #expect(told(try await shell.converge(package("name: 'cmd:curl'"))) == [])
        #expect(told(try await shell.converge(package("{name: curl, version: 1.0-r0}"))) == [])
        #expect(told(try await shell.converge(package("{name: git, version: 2.4*}"))) == ["git: - → 2.4*"])
        #expect(told(try await shell.converge(package("{name: curl, state: absent}"))) == ["curl: 1.0-r0 → -"])
        #expect(try await shell.run("cat /apk.log").output == "-q add -- curl jq\n-q add -- git=~2.4\n-q del -- curl\n")
    }

    @Test func apkRepository() async throws {
        let host = try await ThrowAwayHost.start(kind: "busybox")
        let shell = host.shell
        _ = try await shell.run("\(Self.apk)mkdir -p /etc/apk; printf 'https://main' >/etc/apk/repositories")
        func source(_ yaml: String) throws -> RepositoryResource {
            try declared(RepositoryResource.self, "{name: x, \(yaml)}")
        }
        let bad = try source("url: 'https://bad'")
        var state = HostState(try await shell.answer([bad]))
        #expect(try await shell.apply(try bad.compare(&state).steps) != nil)
        try await shell.converge(source("url: 'https://good'"))
        #expect(try await shell.run("cat /etc/apk/repositories").output == "https://main\nhttps://good\n")
        try await shell.converge(source("url: 'https://good', state: absent"))
        #expect(try await shell.run("cat /etc/apk/repositories").output == "https://main\n")
    }

    @Test func openRC() async throws {
        let host = try await ThrowAwayHost.start(kind: "busybox")
        let shell = host.shell
        _ = try await shell.run(
            Self.script(
                "/sbin/rc-service",
                "[ \"$1\" != -e ] || { [ -e /svc/$2 ]; exit; }\ncase $2 in status) [ -e /svc/$1.on ];; stop) rm /svc/$1.on;; *) : >/svc/$1.on;; esac"
            )
                + Self.script(
                    "/sbin/rc-update",
                    "case $* in *add*) ln -s /svc/$3 /etc/runlevels/$4/$3;; *) rm /etc/runlevels/*/$4;; esac")
                + "mkdir -p /svc /etc/runlevels/default; : >/svc/own")
        func service(_ yaml: String) throws -> ServiceResource {
            try declared(ServiceResource.self, "{name: own, \(yaml)}")
        }
        #expect(
            told(try await shell.converge(service("running: true, enabled: true"))) == [
                "enabled: disabled → enabled", "running: stopped → started",
            ])
        #expect(
            told(try await shell.converge(service("running: false, enabled: false"))) == [
                "enabled: enabled → disabled", "running: started → stopped",
            ])
        await #expect(throws: ResourceFault.self) {
            try await shell.converge(declared(ServiceResource.self, "{name: none, running: true}"))
        }
    }

    @Test(arguments: [
        ("/usr/local/share/ca-certificates", "update-ca-certificates", "/etc/ssl/certs/ca-certificates.crt"),
        ("/etc/pki/ca-trust/source/anchors", "update-ca-trust", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
    ]) func certificate(_ folder: String, _ command: String, _ bundle: String) async throws {
        let host = try await ThrowAwayHost.start(kind: "busybox")
        let shell = host.shell
        let parent = bundle.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        _ = try await shell.run(
            Self.script(
                "/usr/sbin/\(command)", "[ ! -e /fail ] || exit 1\ncat \(folder)/*.crt >\(bundle) 2>/dev/null || :")
                + "mkdir -p \(folder) \(parent); touch -d 2020-01-01 \(folder); : >\(bundle)")
        let pem = "-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n"
        let present = try declared(CertificateResource.self, "{name: own, content: \"\(pem)\"}")
        let absent = try declared(CertificateResource.self, "{name: own, state: absent}")
        // An update that fails is tried again, although the file is there already.
        _ = try await shell.run(": >/fail; touch -d 2021-01-01 \(bundle)")
        var state = HostState(try await shell.answer([present]))
        #expect(try await shell.apply(try present.compare(&state).steps) != nil)
        _ = try await shell.run("rm /fail")
        let again = try await shell.converge(present)
        #expect(told(again) == ["trust store: older than its anchors → made anew"])
        #expect(try await shell.run("grep -c BEGIN \(bundle)").output == "1\n")
        #expect(try await shell.converge(absent).differences.count == 1)
        #expect(try await shell.run("ls \(folder); cat \(bundle)").output == "")
    }
}
