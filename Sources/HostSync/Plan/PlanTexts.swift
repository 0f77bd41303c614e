import Base

/// The texts of files that a diff shows: the old ones are fetched from the host, the new ones read from local files.
enum PlanTexts {
    /// Larger files are told by digest and size.
    static let mostBytes = 256 << 10

    static func wanted(_ plan: HostPlan) -> ProbeRequest {
        var request = ProbeRequest()
        for change in changes(plan) where change.old == nil && change.oldDigest != nil {
            if (change.oldSize ?? 0) <= mostBytes { request.content(change.path) }
        }
        return request
    }

    static func fill(_ plan: inout HostPlan, _ answer: ProbeAnswer) {
        for index in plan.items.indices {
            guard case .change(var comparison) = plan.items[index].verdict else { continue }
            for place in comparison.differences.indices {
                guard var change = comparison.differences[place].text, !change.isSecret else { continue }
                if change.old == nil, change.oldDigest != nil { change.old = answer.contents[change.path] }
                if change.new == nil, (change.newSize ?? 0) <= mostBytes {
                    change.new = localContent(comparison.steps, digest: change.newDigest)
                }
                comparison.differences[place].text = change
            }
            plan.items[index].verdict = .change(comparison)
        }
    }

    private static func changes(_ plan: HostPlan) -> [TextChange] {
        plan.items.flatMap { item -> [TextChange] in
            guard case .change(let comparison) = item.verdict else { return [] }
            return comparison.differences.compactMap(\.text).filter { !$0.isSecret }
        }
    }

    private static func localContent(_ steps: StepScript, digest: String?) -> [UInt8]? {
        for case .file(let path, let size, let own) in steps.contents where own == digest && size <= mostBytes {
            return try? Files.read(path, limit: mostBytes)
        }
        return nil
    }
}
