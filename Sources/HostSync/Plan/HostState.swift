/// A host as it is, with the changes that the plan so far will have made laid over it.
package struct HostState: Sendable {
    package let answer: ProbeAnswer
    private var written: [String: PathStatus?] = [:]
    private var writtenContents: [String: [UInt8]?] = [:]
    /// What earlier changes will have brought about: `user:deploy`, `package`, `unit:nginx.service`.
    private var provided: Set<String> = []
    /// The identity of us on the host, for what is only allowed to root.
    package init(_ answer: ProbeAnswer) {
        self.answer = answer
    }

    package var facts: HostFacts { answer.facts }

    /// What stands at `path`, nil when nothing does.
    ///
    /// - Throws: `ResourceFault` when the user whom we are on the host may not look.
    package func status(_ path: String) throws(ResourceFault) -> PathStatus? {
        if let status = written[path] { return status }
        switch answer.paths[path] {
        case nil, .absent: return nil
        case .present(let status): return status
        case .unreadable(let why): throw ResourceFault("cannot look at \(path): \(why) (become another user?)")
        }
    }

    /// The file's content, nil where there is no file.
    ///
    /// - Throws: `ResourceFault` when the file is too large to be edited, or cannot be read.
    package func content(_ path: String) throws(ResourceFault) -> [UInt8]? {
        if let content = writtenContents[path] { return content }
        guard let status = try status(path), status.kind == .file else { return nil }
        guard status.size <= ProbeRequest.mostContentBytes else {
            throw ResourceFault("\(path) has \(status.size) bytes, at most \(ProbeRequest.mostContentBytes) are edited")
        }
        guard let content = answer.contents[path], !content.isEmpty || status.size == 0 else {
            throw ResourceFault("cannot read \(path): permission denied (become another user?)")
        }
        return content
    }

    /// The lines that a query printed.
    package func lines(_ query: Query) -> [Substring] {
        (answer.queries[query.name]?.text ?? "").split(separator: "\n", omittingEmptySubsequences: true)
    }

    package func exitCode(_ query: Query) -> Int? { answer.queries[query.name]?.code }

    // MARK: What the plan will have done

    package mutating func willWrite(_ path: String, _ status: PathStatus?, content: [UInt8]? = nil) {
        written[path] = .some(status)
        writtenContents[path] = .some(content)
    }

    package mutating func willProvide(_ what: String) {
        provided.insert(what)
    }

    package func willHave(_ what: String) -> Bool { provided.contains(what) }

    /// Whether anything changes before this: what is missing now may come with it (a package brings units and users).
    package var changesBefore: Bool { !provided.isEmpty || !written.isEmpty }
}
