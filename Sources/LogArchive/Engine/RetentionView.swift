import Base

/// The journal and the folders as they are when a round of `Retention` begins: each folder is read once, not once a log.
final class RetentionView {
    private let byLog: [String: [Generation]]
    /// Folder, file, log.
    private var owners: [String: [String: String]] = [:]
    private var listings: [String: [String]] = [:]

    init(_ state: ArchiveState) {
        let all = state.all
        byLog = Dictionary(grouping: all, by: \.log)
        for generation in all {
            for name in [generation.name, generation.nextName].compactMap({ $0 }) {
                owners[generation.folder, default: [:]][name] = generation.log
            }
        }
    }

    var logs: Dictionary<String, [Generation]>.Keys { byLog.keys }

    func generations(_ log: String) -> [Generation] { byLog[log] ?? [] }

    /// What is in the folder; what this round has deleted may still be named.
    func names(_ folder: any LogFolder) throws(ApusError) -> [String] {
        if let known = listings[folder.path] { return known }
        let names = try folder.names()
        listings[folder.path] = names
        return names
    }

    /// Two logs of one name may share a folder for their generations.
    func isOfAnother(_ name: String, _ folder: String, _ log: String) -> Bool {
        owners[folder]?[name].map { $0 != log } ?? false
    }
}
