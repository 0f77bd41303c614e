package import Base
import Glibc

/// How a command asks the process that has the state folder to rotate now.
///
/// A file `request-ID` in the state folder, 0600: a line `force` or `due`, then a line for each rule or log that is meant,
/// as `Record` escapes it; none means all. It appears by rename(2), and whoever works with the folder deletes it when the
/// rotation is done.
package struct RotationRequest: Sendable, Equatable {
    private static let prefix = "request-"
    private static let limit = 1 << 20
    /// Older requests are dropped: whoever asked does not wait for it any more.
    private static let longestWait = Duration.seconds(3600)

    package var force: Bool
    package var only: [String]

    package init(force: Bool, only: [String]) {
        self.force = force
        self.only = only
    }

    /// Puts it into the folder and waits until it is taken and done.
    ///
    /// - Parameter stays: Whether it is left there when nobody has taken it within `limit`, for a daemon that is busy; else
    ///   it is withdrawn.
    /// - Returns: False when nobody has taken it within `limit`.
    package func send(
        to state: String, within limit: Duration, stays: Bool, time: any TimeSource
    ) async throws -> Bool {
        let name = "\(state)/\(RotationRequest.prefix)\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
        let lines = [force ? "force" : "due"] + only.map { Record.escaped($0) }
        try Files.writeAtomically(Array((lines.joined(separator: "\n") + "\n").utf8), to: name, mode: 0o600)
        let deadline = time.now().advanced(by: limit)
        while access(name, F_OK) == 0 {
            guard time.now() < deadline else {
                if !stays { unlink(name) }
                return false
            }
            try await time.sleep(for: .milliseconds(50))
        }
        return true
    }

    /// Those that wait in the folder, with the names of their files.
    static func waiting(
        in folder: any LogFolder, now: WallInstant
    ) throws(ApusError) -> [(name: String, request: RotationRequest)] {
        var found: [(name: String, request: RotationRequest)] = []
        for name in try folder.names() where name.hasPrefix(prefix) && !name.contains(".apus-") {
            let file = try folder.open(name, .read, allowHardLinks: false)
            if try file.state().modifiedAt.advanced(by: longestWait) < now {
                try done(name, in: folder)
                continue
            }
            let bytes = try file.read(at: 0, count: Int(min(try file.state().size, Int64(limit))))
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            let only = lines.dropFirst().compactMap { Record(parsing: "x v=\($0)")?["v"] }
            found.append((name, RotationRequest(force: lines.first == "force", only: only)))
        }
        return found
    }

    static func done(_ name: String, in folder: any LogFolder) throws(ApusError) {
        if let state = try folder.status(name) { try folder.remove(name, state.identity) }
    }
}
