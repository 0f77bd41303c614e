/// What a plan stands on, as one digest: each resource with what differs and how it would be mended. The same for the
/// same declarations on the same state of a host; another as soon as either has moved in a way that matters.
enum PlanFingerprint {
    static func of(_ plan: HostPlan) -> String {
        var hash = ContentDigest.Running()
        func add(_ text: String) { hash.update(Array((text + "\u{0}").utf8)) }
        for item in plan.items {
            add(item.task.title)
            switch item.verdict {
            case .same: add("same")
            case .deferred(let why): add("deferred \(why)")
            case .failed(let why): add("failed \(why)")
            case .skipped(let why): add("skipped \(why)")
            case .change(let comparison):
                for difference in comparison.differences {
                    add("\(difference.what) \(difference.old ?? "-") \(difference.new ?? "-")")
                }
                // The contents themselves stay out: their digests are among the differences, and a new password hash has
                // another salt each time.
                for line in comparison.steps.lines { add(line) }
            }
        }
        for name in plan.pending { add("pending \(name)") }
        return hash.finish()
    }
}
