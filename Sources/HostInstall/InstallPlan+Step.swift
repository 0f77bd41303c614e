/// The decision for one item.
extension InstallPlan {
    struct Obstacle: Error, Equatable {
        let message: String
    }

    static func step(_ item: InstallItem, _ facts: HostFacts) -> Result<Step, Obstacle> {
        let found = facts.found[item.path] ?? .nothing
        if case .nothing = found { return .success(Step(item, .create)) }
        if item.role == .configuration {
            if case .link(let target) = found { return .success(Step(item, .keep, detail: "a link to \(target)")) }
            if case .file = found { return .success(Step(item, .keep)) }
        }
        switch found {
        case .nothing: return .success(Step(item, .create))
        case .folder(let attributes) where item.content == .folder:
            return .success(attributesStep(item, attributes, facts))
        case .file(let attributes, .same) where item.content != .folder:
            return .success(attributesStep(item, attributes, facts))
        case .file(_, .differs(let old)) where item.content != .folder:
            return .success(Step(item, .replace, oldText: old))
        case .link(let target):
            return .failure(
                Obstacle(
                    message: "\(item.path) is a symbolic link to \(target): remove it, or leave its target to its owner"
                ))
        case .file, .folder, .other:
            let wanted = item.content == .folder ? "folder" : "regular file"
            return .failure(Obstacle(message: "\(item.path) is there and is no \(wanted): remove it first"))
        }
    }

    private static func attributesStep(
        _ item: InstallItem, _ found: HostFacts.Attributes, _ facts: HostFacts
    ) -> Step {
        let ownerFits =
            !facts.isPrivileged
            || fits(found.user, item.user, facts.account.user, facts)
                && fits(found.group, item.group, facts.account.group, facts)
        guard found.mode == item.mode, ownerFits else {
            return Step(item, .adjust, detail: found.mode == item.mode ? "owner" : "mode was \(octal(found.mode))")
        }
        return Step(item, .unchanged)
    }

    /// An account that will exist only after systemd-sysusers fits nothing yet; one that this run does not make
    /// leaves root.
    private static func fits(
        _ found: UInt32, _ owner: InstallItem.Owner, _ number: UInt32?, _ facts: HostFacts
    ) -> Bool {
        switch owner {
        case .root: found == 0
        case .service: number.map { $0 == found } ?? (!facts.systemdTakesOver && found == 0)
        }
    }

    package static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}

extension InstallPlan.Step {
    init(_ item: InstallItem, _ action: InstallPlan.Action, detail: String? = nil, oldText: [UInt8]? = nil) {
        self.item = item
        self.action = action
        self.detail = detail
        self.oldText = oldText
    }
}
