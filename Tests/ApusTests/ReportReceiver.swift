import Base
import FoundationEssentials
import TestKit

/// Tests/peers/report/receiver.py: an HTTP receiver that behaves as a test tells it.
final class ReportReceiver {
    struct Request: Decodable {
        struct Body: Decodable {
            struct Alert: Decodable {
                let rule: String
                let status: String
                let mount: String
            }

            let time: String
            let alerts: [Alert]
        }

        let at: Double
        let step: String
        let headers: [String: String]
        let body: String

        var report: Body? { try? JSONDecoder().decode(Body.self, from: Data(body.utf8)) }
    }

    let address: String
    private let folder: TemporaryFolder
    private let child: ChildProcess

    init(_ script: String, folder: TemporaryFolder) async throws {
        self.folder = folder
        try folder.write("script", script)
        try folder.write("requests", "")
        let child = try Peers.start("report/receiver.py", [folder.path], folder: folder)
        self.child = child
        try await eventually("the receiver says where it listens") {
            if child.hasEnded { throw ApusError(code: "receiver-ended", child.errors + Peers.hint) }
            return child.output.hasSuffix("\n")
        }
        address = child.output.split(separator: "\n").first.map(String.init) ?? ""
    }

    /// From the next request on it behaves so.
    func behave(_ script: String) throws { try folder.write("script", script) }

    var requests: [Request] {
        let text = (try? Files.read("\(folder.path)/requests")) ?? []
        return text.split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSONDecoder().decode(Request.self, from: Data($0))
        }
    }

    func delivered() -> [Request] { requests.filter { $0.step.hasPrefix("200") } }

    func wait(_ what: String, _ condition: ([Request]) -> Bool) async throws {
        try await eventually(what) { condition(requests) }
    }
}
