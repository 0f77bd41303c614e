import Base

/// Who has the state folder, as its lock says.
struct LogsHolder {
    /// Nil where it is not known.
    let process: Int32?
    /// Whether it goes on until it is stopped (`apus run`, `apus logs run`), rather than for one round.
    let isDaemon: Bool

    /// - Parameter state: The folder of the journal.
    init(state: String) {
        let text = (try? Files.read("\(state)/lock", limit: 32)).map { String(decoding: $0, as: UTF8.self) }
        process = text.flatMap { Int32($0) }
        guard let process, let bytes = try? Files.read("/proc/\(process)/cmdline", limit: 1 << 20) else {
            isDaemon = false
            return
        }
        let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        isDaemon = words.dropFirst().prefix(2).contains("run")
    }

    var name: String { process.map { "process \($0)" } ?? "the process that has the journal" }
}
