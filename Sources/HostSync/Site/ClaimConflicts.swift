import Settings

/// Finds resources of one host that would undo each other in every run: two that declare one file's whole content, or one
/// that declares it and another that edits a part of it.
enum ClaimConflicts {
    static func find(_ tasks: [HostTask]) -> [Complaint] {
        var wholes: [String: HostTask] = [:]
        var parts: [String: HostTask] = [:]
        var complaints: [Complaint] = []
        for task in tasks where task.isWanted {
            switch task.resource.claim {
            case .whole(let path)?:
                if let other = wholes[path] ?? parts[path] { complaints.append(complaint(task, other, path)) }
                wholes[path] = wholes[path] ?? task
            case .part(let path)?:
                if let other = wholes[path] { complaints.append(complaint(task, other, path)) }
                parts[path] = parts[path] ?? task
            case nil: continue
            }
        }
        return complaints
    }

    private static func complaint(_ task: HostTask, _ other: HostTask, _ path: String) -> Complaint {
        let place = "\(other.declaration.source.file):\(other.declaration.source.position)"
        return task.declaration.source.complaint(
            "declares content of \(path), and so does \(other.declaration.kind.keyword) at \(place): they would undo each other"
        )
    }
}
