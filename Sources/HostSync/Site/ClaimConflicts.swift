import Settings

/// Finds resources of one host that would undo each other in every run: two that declare one file's whole content, or one
/// that declares it and another that edits a part of it.
enum ClaimConflicts {
    static func find(_ tasks: [HostTask]) -> [Complaint] {
        var wholes: [String: HostTask] = [:]
        var parts: [String: HostTask] = [:]
        var gone: [String: HostTask] = [:]
        var complaints: [Complaint] = []
        for task in tasks where task.isWanted {
            switch task.resource.claim {
            case .whole(let path)?:
                if let other = wholes[path] ?? parts[path] ?? gone[path] {
                    complaints.append(complaint(task, other, path))
                }
                wholes[path] = wholes[path] ?? task
            case .part(let path)?:
                if let other = wholes[path] ?? gone[path] { complaints.append(complaint(task, other, path)) }
                parts[path] = parts[path] ?? task
            case .gone(let path)?:
                if let other = wholes[path] ?? parts[path] { complaints.append(complaint(task, other, path)) }
                gone[path] = gone[path] ?? task
            case nil: continue
            }
        }
        return complaints
    }

    private static func complaint(_ task: HostTask, _ other: HostTask, _ path: String) -> Complaint {
        if case .gone = task.resource.claim { return complaint(other, task, path) }
        let place = "\(other.declaration.source.file):\(other.declaration.source.position)"
        let kind = other.declaration.kind.keyword
        let says = isGone(other) ? "\(kind) at \(place) that it is gone" : "so does \(kind) at \(place)"
        return task.declaration.source.complaint(
            "declares content of \(path), and \(says): they would undo each other")
    }

    private static func isGone(_ task: HostTask) -> Bool { if case .gone = task.resource.claim { true } else { false } }
}
