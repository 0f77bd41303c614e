import Base
import SSHTransport

/// The legs of one conversation: the questions, then where something differs the change with the same questions again.
///
/// It blocks; see `ConversationThread`.
struct HostSession {
    let conversation: Conversation
    let silenceTimeout: Duration
    /// Who holds the lock, for others who find it; nil for a run that changes nothing and takes none.
    let lockOwner: String?
    private var isOpen = false
    /// Whether contents may be sent compressed.
    private var hasGzip = false

    init(_ conversation: Conversation, silenceTimeout: Duration, lockOwner: String?) {
        self.conversation = conversation
        self.silenceTimeout = silenceTimeout
        self.lockOwner = lockOwner
    }

    /// What came back of one step.
    struct StepResult: Sendable {
        var code: Int
        var output: String
    }

    /// Asks one leg's questions.
    ///
    /// - Throws: `ApusError`: those of `Conversation.leg`, `host-locked`, `state-folder`.
    mutating func ask(_ request: ProbeRequest) throws(ApusError) -> ProbeAnswer {
        let script = ProbeScript(request, firstNumber: 1)
        var chunks: [String] = []
        if !isOpen {
            chunks += [ProbeScript.prelude + "\n" + HostLock.folder]
            if let lockOwner { chunks += [HostLock.take(owner: lockOwner)] }
        }
        chunks += script.chunks + ["apus_mark end"]
        let wire = (isOpen ? "" : opening) + chunks.map(wire).joined()
        var reader = SectionReader(script, request)
        try conversation.leg(BytesPayload(Array(wire.utf8)), timeout: silenceTimeout) { event throws(ApusError) in
            try reader.take(event)
        }
        isOpen = true
        if let lock = reader.results[0] {
            guard lock.code == 0 else { throw HostSession.lockFailure(lock) }
            hasGzip = lock.output.trimmed.hasSuffix("gzip")
        }
        return reader.answer
    }

    /// Sends contents and script, and runs them.
    ///
    /// - Parameters:
    ///   - script: Its `verify` part must have been made from `verification`.
    ///   - onStep: Called when a step begins (nil) and when it has ended.
    mutating func apply(
        _ script: ApplyScript, verification: ProbeScript, request: ProbeRequest,
        onStep: (Int, StepResult?) -> Void
    ) throws(ApusError) -> (results: [Int: StepResult], answer: ProbeAnswer) {
        var entries = script.contents.map { TarPayload.Entry(name: $0.name, content: $0.content) }
        entries.append(
            TarPayload.Entry(name: "apply", content: .bytes(Array(script.text(nonce: conversation.nonce).utf8))))
        let archive = TarPayload(entries, compresses: hasGzip)
        let payload = ChainedPayload([
            BytesPayload(Array(wire(ApplyScript.receive(records: archive.records)).utf8)), archive,
        ])
        var reader = SectionReader(verification, request)
        try conversation.leg(payload, timeout: silenceTimeout) { event throws(ApusError) in
            try reader.take(event)
            switch event {
            case .begin(ApplyScript.stageNumber), .end(ApplyScript.stageNumber, _): break
            case .begin(let number) where number < ApplyScript.firstProbeNumber: onStep(number, nil)
            case .end(let number, _) where number < ApplyScript.firstProbeNumber: onStep(number, reader.results[number])
            default: break
            }
        }
        if let failure = reader.results[ApplyScript.stageNumber] {
            throw ApusError(code: "stage-failed", "the host could not unpack the contents: \(failure.output.trimmed)")
        }
        return (reader.results, reader.answer)
    }

    // MARK: The wire

    /// One line: the loop at the far end evaluates it, and from then on takes whole chunks.
    private var opening: String {
        let lines = [
            "N=\(conversation.nonce)", #"nl=$(printf '\n.')"#, "nl=${nl%.}",
            ##"chunk() { s=; while IFS= read -r l <&3; do case $l in "#$N") eval "$s"; return;; esac; s=$s$l$nl; done; exit 99; }"##,
            #"printf '\n@@%s ready\n' "$N""#,
        ]
        return lines.joined(separator: "; ") + "\n"
    }

    private func wire(_ chunk: String) -> String {
        "chunk\n\(chunk)\n#\(conversation.nonce)\n"
    }

    private static func lockFailure(_ lock: StepResult) -> ApusError {
        let text = lock.output.trimmed
        if lock.code == 2 {
            return ApusError(code: "host-locked", "the host is being changed by another run: \(text)", canRetry: true)
        }
        return ApusError(code: "state-folder", "the host cannot keep the state of a change: \(text)")
    }
}

/// Takes the events of a leg: sections of the probe into an answer, everything else as results of steps.
struct SectionReader {
    /// Of one step's or question's output.
    private static let mostStepBytes = 64 << 10
    /// Of the answer to one question: a thousand times what a large one has.
    private static let mostSectionBytes = 32 << 20

    private(set) var answer = ProbeAnswer()
    private(set) var results: [Int: HostSession.StepResult] = [:]
    private let script: ProbeScript
    private let asked: Set<String>
    private var bytes: [UInt8] = []

    init(_ script: ProbeScript, _ request: ProbeRequest) {
        self.script = script
        asked = Set(request.paths)
    }

    mutating func take(_ event: FrameParser.Event) throws(ApusError) {
        switch event {
        case .begin: bytes = []
        case .bytes(let number, let piece):
            let isStep = script.section(numbered: number) == nil
            if isStep, bytes.count + piece.count > SectionReader.mostStepBytes { return }
            guard bytes.count + piece.count <= SectionReader.mostSectionBytes else {
                throw ApusError(code: "too-much-output", "the host answered one question with more than 32 MiB")
            }
            bytes += piece
        case .end(let number, let code):
            if let section = script.section(numbered: number) {
                answer.take(section, bytes, code: code, asked: asked)
            } else {
                results[number] = HostSession.StepResult(code: code, output: String(decoding: bytes, as: UTF8.self))
            }
            bytes = []
        case .mark: break
        }
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let start = drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
