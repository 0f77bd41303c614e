import Base
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// A running gateway with an admin endpoint, and what asks it: curl, one process a question.
struct GatewayRig {
    let folder: TemporaryFolder
    let apus: RunningApus
    let port: Int

    /// - Parameters:
    ///   - gateway: What stands in the section besides `listen`, with an indent of two.
    ///   - rest: Other sections.
    static func start(
        _ gateway: String, rest: String = "", folder: TemporaryFolder? = nil, environment: [String: String?] = [:]
    ) async throws -> GatewayRig {
        let folder = try folder ?? TemporaryFolder()
        let port = try LoopbackPort.free()
        let apus = try await ApusProgram.run(
            text(gateway, rest: rest, port: port), folder: folder, environment: environment)
        return GatewayRig(folder: folder, apus: apus, port: port)
    }

    private static func text(_ gateway: String, rest: String, port: Int) -> String {
        let listen = gateway.contains("  listen:") ? "" : "  listen: 127.0.0.1:@port@\n"
        let text = "admin: { listen: \"127.0.0.1:0\" }\n\(rest)\ngateway:\n\(listen)\(gateway)\n"
        return text.replacing("@port@", with: "\(port)")
    }

    func write(_ gateway: String, rest: String = "") throws {
        try apus.write(Self.text(gateway, rest: rest, port: port))
    }

    @discardableResult
    func reload(_ gateway: String, rest: String = "") async throws -> Bool {
        try write(gateway, rest: rest)
        return try await apus.reload()
    }

    // MARK: Questions

    /// One request by curl.
    func get(_ path: String, _ arguments: String..., scheme: String = "http", host: String = "127.0.0.1") async throws
        -> CurlAnswer
    {
        try await CurlAnswer.of(["\(scheme)://\(host):\(port)\(path)"] + arguments, folder: folder)
    }

    /// As many requests, one after the other, over one connection: their status codes.
    func statuses(_ path: String, count: Int, _ arguments: String...) async throws -> [Int] {
        let separator = path.contains("?") ? "&" : "?"
        return try await statuses(arguments + ["http://127.0.0.1:\(port)\(path)\(separator)n=[1-\(count)]"])
    }

    /// As many requests at the same time, each over its own connection: their status codes.
    func together(_ path: String, count: Int, _ arguments: String...) async throws -> [Int] {
        let separator = path.contains("?") ? "&" : "?"
        return try await statuses(
            arguments + [
                "-Z", "--parallel-immediate", "--parallel-max", "\(count)",
                "http://127.0.0.1:\(port)\(path)\(separator)n=[1-\(count)]",
            ])
    }

    private func statuses(_ arguments: [String]) async throws -> [Int] {
        let words = ["-sS", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}\n"] + arguments
        let (code, output, errors) = try await ChildProcess.run("curl", words, folder: folder.path)
        #expect(code == 0, "curl \(arguments): \(errors)")
        return output.split(separator: "\n").compactMap { Int($0) }
    }

    func metric(_ series: String) async throws -> Double? {
        try await Client.metric(series, at: #require(apus.address))
    }

    func waitForMetric(_ series: String, _ holds: @escaping (Double) -> Bool) async throws {
        try await eventually("\(series)", within: .seconds(10)) {
            try await metric(series).map(holds) ?? false
        }
    }
}

struct CurlAnswer {
    let status: Int
    let version: String
    let headers: [(name: String, value: String)]
    let body: String

    static func of(_ arguments: [String], folder: TemporaryFolder) async throws -> CurlAnswer {
        let (code, output, errors) = try await ChildProcess.run(
            "curl", ["-sS", "-i", "--max-time", "20", "--path-as-is"] + arguments, folder: folder.path)
        guard code == 0 else { throw ApusError(code: "curl-\(code)", "curl \(arguments): \(errors)") }
        return try #require(CurlAnswer(output), "curl \(arguments): \(output)")
    }

    private init?(_ output: String) {
        var rest = output.utf8[...]
        while true {
            guard let end = Substring(rest).firstRange(of: "\r\n\r\n") else { return nil }
            let lines = String(Substring(rest)[..<end.lowerBound]).components(of: "\r\n")
            rest = rest[end.upperBound...]
            let words = (lines.first ?? "").split(separator: " ")
            guard words.count >= 2, let status = Int(words[1]) else { return nil }
            if status < 200, status != 101 { continue }
            self.status = status
            version = String(words[0])
            headers = lines.dropFirst().map { line in
                let colon = line.firstIndex(of: ":") ?? line.endIndex
                return (line[..<colon].lowercased(), String(line[colon...].dropFirst().drop { $0 == " " }))
            }
            body = String(Substring(rest))
            return
        }
    }

    subscript(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
}

extension String {
    /// A CRLF is one `Character`, so that `split` by it works.
    fileprivate func components(of separator: Character) -> [String] {
        split(separator: separator).map(String.init)
    }
}

/// A server behind the gateway: `Tests/peers/gateway/upstream.py`, with a control file and a record.
final class ScriptedUpstream {
    private let folder: TemporaryFolder
    private let name: String
    private let arguments: [String]
    private var child: ChildProcess
    private(set) var port: Int

    /// - Parameter rule: How everything is answered that says nothing of it itself.
    init(_ name: String = "a", rule: String = "", folder: TemporaryFolder, arguments: [String] = []) async throws {
        self.folder = folder
        self.name = name
        self.arguments = arguments
        port = 0
        try folder.write("\(name).control", "/ header=X-Host:\(name) \(rule)\n")
        child = try Self.child(name, arguments, port: 0, folder: folder)
        try await waitForPort()
    }

    var host: String { "\"127.0.0.1:\(port)\"" }

    private static func child(_ name: String, _ arguments: [String], port: Int, folder: TemporaryFolder) throws
        -> ChildProcess
    {
        try Peers.start(
            "gateway/upstream.py",
            [
                "--port", "\(port)", "--control", "\(folder.path)/\(name).control", "--record",
                "\(folder.path)/\(name).record",
            ] + arguments, folder: folder)
    }

    private func waitForPort() async throws {
        try await eventually("the upstream says its port") {
            if child.hasEnded { throw ApusError(code: "ended", "the upstream ended: \(child.errors)") }
            return child.output.hasSuffix("\n")
        }
        port = try #require(Int(child.output.prefix { $0 != "\n" }))
    }

    /// From now on everything is answered so.
    func rule(_ rule: String) throws { try folder.write("\(name).control", "/ header=X-Host:\(name) \(rule)\n") }

    func stop() async {
        child.signal(SIGKILL)
        _ = await child.wait()
    }

    func startAgain() async throws {
        child = try Self.child(name, arguments, port: port, folder: folder)
        try await waitForPort()
    }

    struct Request: Decodable {
        let method: String
        let target: String
        let fields: [[String]]
        let body: String
        let faults: [String]

        func all(_ name: String) -> [String] { fields.filter { $0[0].lowercased() == name }.map { $0[1] } }
        subscript(_ name: String) -> String? { all(name).first }
    }

    var requests: [Request] {
        let text = (try? Files.read("\(folder.path)/\(name).record", limit: 64 << 20)) ?? []
        return text.split(separator: 0x0A).compactMap { try? JSONDecoder().decode(Request.self, from: Data($0)) }
    }
}

enum LoopbackPort {
    /// One that nobody listens on now.
    static func free() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return try bindAnywhere(descriptor)
    }

    /// A socket that the kernel takes connections for, and nobody reads from.
    final class Listener {
        private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let port: Int

        init() throws {
            port = try LoopbackPort.bindAnywhere(descriptor)
            guard listen(descriptor, 16) == 0 else { throw Files.failure("no-listener", "cannot listen") }
        }

        deinit { close(descriptor) }
    }

    private static func bindAnywhere(_ descriptor: Int32) throws -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                guard bind(descriptor, raw, size) == 0, getsockname(descriptor, raw, &size) == 0 else {
                    throw Files.failure("no-port", "there is no free port")
                }
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }
}
