import Base
import Glibc
import TestKit
import Testing

/// A real nginx that writes its access log under load while it is rotated: the line of every request is archived or live, once.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsNginxTests {
    private static let names = ["a", "b"]

    /// An nginx with two workers, and as many clients that ask for paths of their own.
    private final class Site {
        let nginx: ChildProcess
        let clients: [ChildProcess]

        init(_ host: LogsHost) async throws {
            let port = try LogsNginxTests.freePort()
            let configuration = try host.folder.write(
                "nginx.conf",
                """
                user root;
                daemon off;
                worker_processes 2;
                pid \(host.out)/nginx.pid;
                error_log \(host.logs)/error.log warn;
                events {}
                http {
                    log_format plain '$request_uri $time_iso8601 $status';
                    access_log \(host.logs)/access.log plain;
                    client_body_temp_path \(host.out)/body;
                    proxy_temp_path \(host.out)/proxy;
                    fastcgi_temp_path \(host.out)/fastcgi;
                    uwsgi_temp_path \(host.out)/uwsgi;
                    scgi_temp_path \(host.out)/scgi;
                    keepalive_requests 1000000;
                    server { listen 127.0.0.1:\(port); location / { return 204; } }
                }

                """)
            let nginx = try ChildProcess("nginx", ["-c", configuration, "-p", host.out], folder: host.out)
            self.nginx = nginx
            try await eventually("nginx is there") { nginx.hasEnded || TextFile.status("\(host.out)/nginx.pid") != nil }
            clients = try LogsNginxTests.names.map { name in
                try ChildProcess(
                    Peers.python, [Peers.script("logs/requests.py"), "\(port)", name], folder: host.out)
            }
            for client in clients {
                try await eventually("a client is served") { client.output.contains("ready") || client.hasEnded }
                try #require(!client.hasEnded, "\(client.errors) \(nginx.errors)")
            }
        }

        /// Ends clients and server.
        ///
        /// - Returns: Every path that was answered.
        func end() async throws -> Set<String> {
            var paths: Set<String> = []
            for (name, client) in zip(LogsNginxTests.names, clients) {
                client.signal(SIGTERM)
                let code = await client.wait()
                try #require(code == 0, "\(client.errors)")
                let count = try #require(Int(client.output.split(separator: "\n").last ?? ""))
                for number in 0..<count { paths.insert("/\(name)/\(number)") }
            }
            nginx.signal(SIGQUIT)
            _ = await nginx.wait()
            return paths
        }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private func expectEachOnce(_ host: LogsHost, _ asked: Set<String>) async throws {
        let log = host.log("access.log")
        let text = try await host.archived(log) + TextFile.read(log)
        var seen: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            #expect(fields.count == 3 && fields.last == "204", "a torn line: \(line)")
            seen[fields.first ?? "", default: 0] += 1
        }
        let twice = seen.filter { $0.value > 1 }.keys
        let lost = asked.subtracting(seen.keys.map(String.init))
        #expect(twice.isEmpty, "\(twice.count) lines are there twice: \(twice.prefix(3))")
        #expect(lost.isEmpty, "\(lost.count) of \(asked.count) are lost: \(lost.prefix(3))")
        #expect(seen.count == asked.count)
        #expect(asked.count > 500, "there was load")
    }

    @Test func everyRequestIsArchivedWhileItReopens() async throws {
        try Peers.require("nginx")
        let host = try LogsHost()
        try host.rule(
            """
            rotate: { reopen: { pidFile: "\(host.out)/nginx.pid", signal: USR1 } }
            compress: { level: 3 }
            \(host.upload)
            """)
        let site = try await Site(host)
        for _ in 0..<6 {
            let before = TextFile.status(host.log("access.log"))?.st_ino
            try await host.expect(0, "rotate", "--force")
            try await eventually("nginx writes to a new log") {
                let now = TextFile.status(host.log("access.log"))
                return now?.st_ino != before && now?.st_size ?? 0 > 10_000
            }
        }
        let asked = try await site.end()
        let listed = try await host.expect(0, "list", host.log("access.log"), "--output", "json").output
        #expect(listed.split(separator: "\n").count == 6)
        try await expectEachOnce(host, asked)
        try await host.expect(0, "verify", "--all")
    }

    /// The rule of the essay, but for keys and store: nothing tells nginx anything, so its log is cut from below.
    @Test func theRuleOfTheEssayNeedsNoSignal() async throws {
        try Peers.require("nginx")
        let moto = try await LogsMoto.shared()
        let host = try LogsHost(environment: moto.environment)
        try host.rule(
            """
            paths: ["\(host.logs)/*.log"]
            rotate: { keep: 14, size: "20K" }
            compress: { algorithm: zstd, level: 15 }
            encrypt: { method: aes-256-gcm, key_id: "kms://apus" }
            upload: { target: "\(LogsMoto.newTarget())", region: "us-east-1", endpoint: "\(moto.endpoint)" }
            """)
        let site = try await Site(host)
        let log = host.log("access.log")
        let inode = TextFile.status(log)?.st_ino
        for round in 1...4 {
            try await eventually("the log grows") { TextFile.status(log)?.st_size ?? 0 > 30_000 }
            try await host.expect(0, "rotate")
            let listed = try await host.expect(0, "list", log, "--output", "json").output
            #expect(listed.split(separator: "\n").count == round)
        }
        #expect(TextFile.status(log)?.st_ino == inode, "nginx goes on in the same file")
        let asked = try await site.end()
        try await expectEachOnce(host, asked)
        #expect(host.names(host.logs).filter { $0.hasPrefix("access.log-") && $0.hasSuffix(".zst.enc") }.count == 4)
        try await host.expect(0, "verify", "--all")
    }
}
