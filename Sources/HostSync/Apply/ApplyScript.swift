import SSHTransport

/// Writes the one script that brings a host to what its plan says, and the list of contents that it needs.
///
/// A step runs in a subshell of its own. Its output goes to a file and not to the connection: a daemon that it starts
/// would otherwise hold the connection open. What a step notifies is journalled before the step, and struck out after
/// the handler has run, or when the step fails; a run that dies between them leaves the note for the next one. Which
/// process a step is stands in the lock: while it lives, nobody else changes the host.
struct ApplyScript {
    /// Numbers of probe sections in the same leg begin here.
    static let firstProbeNumber = 1_000_000
    static let mostOutputBytes = 16 << 10

    private(set) var lines: [String] = []
    private(set) var contents: [(name: String, content: Content)] = []

    init() {
        lines = [
            ApplyPrelude.text, "apus_failed=",
            #"apus_end() { c=$2; [ ! -s "$S/out" ] || head -c \#(ApplyScript.mostOutputBytes) "$S/out"; apus_mark e "$1" "$c"; }"#,
            #"apus_pend() { [ -f "$D/pending/$1" ] || { apus_noted="$apus_noted $1"; printf '%s\n' "$2" >"$D/pending/$1" && { sync "$D/pending/$1" 2>/dev/null || sync; }; }; }"#,
            #"apus_unnote() { for n in $apus_noted; do rm -f "$D/pending/$n"; done; }"#,
            #"apus_self() { k=; read -r k 2>/dev/null </proc/self/stat || return 0; n=${k%% *}; set -- ${k##*) }; echo "$n ${20:-}" >"$D/lock/step"; }"#,
        ]
    }

    struct Step {
        /// The item's place in the plan, under which its result comes back.
        let number: Int
        /// For the reader of the script.
        let title: String
        let script: StepScript
        /// Names of handlers.
        var notifies: [String] = []
        /// Whether a failure keeps the later steps from being run.
        var stopsRun = true
        /// Steps before it without which it is left out.
        var requires: [Int] = []
        /// Whether a later step may require this one.
        var isRequired = false

        fileprivate var newFile: NewFile? { requires.isEmpty ? script.newFile : nil }
    }

    /// Adds steps in their order; new plain files that follow each other are put in place together.
    mutating func add(_ steps: [Step]) {
        var rest = steps[...]
        while let step = rest.first {
            var group = NewFiles()
            for step in rest {
                guard let file = step.newFile, group.take(step.number, file) else { break }
            }
            if group.members.count >= NewFiles.fewest {
                together(Array(rest.prefix(group.members.count)), group)
                rest = rest.dropFirst(group.members.count)
            } else {
                add(step, take(step.script, step.number))
                rest = rest.dropFirst()
            }
        }
    }

    /// The lines of a script whose contents are sent under the step's number.
    private mutating func take(_ script: StepScript, _ number: Int) -> [String] {
        for (index, content) in script.contents.enumerated() {
            contents.append(("c\(number)-\(index)", content))
        }
        return script.resolved(number: number)
    }

    /// - Parameter staged: The name of a content that is gone from the stage where the file is in place already.
    private mutating func add(_ step: Step, _ body: [String], staged: String? = nil) {
        let number = step.number
        let conditions =
            step.requires.isEmpty ? "" : " && [ -z \"\(step.requires.map { "$apus_failed\($0)" }.joined())\" ]"
        lines.append("# \(step.title.replacing("\n", with: " "))")
        let isPlaced = staged.map { "if [ ! -e \"$S/\($0)\" ]; then apus_mark e \(number) 0; el" } ?? ""
        lines.append("\(isPlaced)if [ -z \"$apus_failed\" ]\(conditions); then apus_mark s \(number)")
        pend(step.notifies)
        subshell(number, body)
        if !step.notifies.isEmpty { lines.append("[ \"$c\" = 0 ] || apus_unnote") }
        if step.stopsRun { lines.append("[ \"$c\" = 0 ] || apus_failed=\(number)") }
        if step.isRequired { lines.append("[ \"$c\" = 0 ] || apus_failed\(number)=1") }
        if step.isRequired, !step.requires.isEmpty { lines.append("else apus_failed\(number)=1") }
        lines.append("fi")
    }

    private mutating func pend(_ handlers: [String]) {
        if !handlers.isEmpty { lines.append("apus_noted=") }
        for name in handlers {
            lines.append("apus_pend \(HandlerJournal.fileName(name)) \(ShellText.quoted(name))")
        }
    }

    /// All of them begin before the first is touched, and end together; or each is done again by itself.
    private mutating func together(_ steps: [Step], _ files: NewFiles) {
        guard let first = files.members.first else { return }
        let folder = "b\(first.number)"
        let numbers = files.members.map { "\($0.number)" }.joined(separator: " ")
        let likeness = first.file.likeness
        let words = ShellText.quoted([likeness.folder, likeness.mode, likeness.owner, likeness.group])
        lines.append("# \(steps.count) new files in \(likeness.folder.replacing("\n", with: " "))")
        lines.append("if [ -z \"$apus_failed\" ]; then for n in \(numbers); do apus_mark s $n; done")
        var notified: Set<String> = []
        pend(steps.flatMap(\.notifies).filter { notified.insert($0).inserted })
        lines.append(
            "if ( apus_self; umask 077; apus_together \"$S/\(folder)\" \(words) ) </dev/null >/dev/null 2>&1 3<&-; then"
        )
        lines.append("for n in \(numbers); do apus_mark e $n 0; done")
        lines.append("else")
        if !notified.isEmpty {
            // Where some are in place, their notes stay.
            lines.append("set -- \"$S/\(folder)\"/*; [ $# != \(steps.count) ] || apus_unnote")
        }
        for (step, member) in zip(steps, files.members) {
            let name = "\(folder)/\(member.file.name)"
            contents += step.script.contents.map { (name, $0) }
            add(step, step.script.resolved(content: name), staged: name)
        }
        lines.append("fi; fi")
    }

    /// A handler: it runs when somebody notified it, now or in a run that died.
    mutating func handler(_ number: Int, name: String, _ steps: StepScript, strikesNote: Bool = true) {
        let file = "\"$D/pending/\(HandlerJournal.fileName(name))\""
        lines.append("# handler \(name.replacing("\n", with: " "))")
        lines.append("if [ -z \"$apus_failed\" ] && [ -f \(file) ]; then apus_mark s \(number)")
        // The note goes before anybody is told: telling may be what the shell dies of.
        subshell(number, take(steps, number), atSuccess: strikesNote ? "rm -f \(file)" : nil)
        lines.append("[ \"$c\" = 0 ] || apus_failed=\(number)")
        lines.append("fi")
    }

    /// The same questions as before, asked again at the end.
    mutating func verify(_ probe: ProbeScript) {
        lines += probe.chunks
    }

    private mutating func subshell(_ number: Int, _ body: [String], atSuccess: String? = nil) {
        lines.append("( apus_self; set -e; umask 022")
        lines += body
        lines.append(") </dev/null >\"$S/out\" 2>&1 3<&-")
        if let atSuccess {
            lines.append("c=$?; [ $c != 0 ] || \(atSuccess); apus_end \(number) $c")
        } else {
            lines.append("apus_end \(number) $?")
        }
    }

    /// Whole: its last line is what proves that it arrived.
    func text(nonce: String) -> String {
        (lines + ["# end \(nonce)", ""]).joined(separator: "\n")
    }

    /// The section that says why contents and script could not be unpacked.
    static let stageNumber = 999_999

    /// Unpacks what follows on descriptor 3, `records` of 10,240 bytes, and runs it when it is whole.
    ///
    /// GNU tar stops at the end of the archive; others (busybox) read until the end of their input, and are given
    /// exactly the archive. What came compressed in it (`TarPayload.bundle`) is unpacked then. Where unpacking fails, the rest of the archive is still on its way: the shell ends, because
    /// its loop would take what comes for commands.
    static func receive(records: Int) -> String {
        #"""
        apus_unpack() {
        mkdir -p "$S" && apus_receive || return 1
        [ ! -e "$S/\#(TarPayload.bundle)" ] || { gzip -dc <"$S/\#(TarPayload.bundle)" | tar -xf - -C "$S"; }; }
        apus_receive() {
        case $(tar --version 2>/dev/null) in *GNU*) tar -xf - -C "$S" <&3; return;; esac
        dd iflag=fullblock if=/dev/null of=/dev/null 2>/dev/null || { echo "neither GNU tar nor a dd with iflag=fullblock is there"; return 1; }
        dd bs=10240 count=\#(records) iflag=fullblock <&3 2>/dev/null | tar -xf - -C "$S"; }
        S=$D/stage; rm -rf "$S"; apus_whole=
        if apus_why=$(apus_unpack 2>&1) && [ "$(tail -n 1 "$S/apply" 2>/dev/null)" = "# end $N" ]; then
        apus_whole=1; . "$S/apply"
        else
        apus_mark s \#(stageNumber); printf '%s\n' "${apus_why:-it did not arrive whole}" | head -c 4000; apus_mark e \#(stageNumber) 1
        fi
        rm -rf "$S"; rm -f "$D/temporary"
        apus_mark end
        [ -n "$apus_whole" ] || exit 1
        """#
    }
}

/// Names of the files under which notified handlers are kept on a host.
enum HandlerJournal {
    static func fileName(_ handler: String) -> String {
        String(ContentDigest.of(Array(handler.utf8)).prefix(32))
    }

    /// Lists what a dead run left: one name a line.
    static let query = Query("pending-handlers") { _ in
        #"for f in "$D"/pending/*; do [ -f "$f" ] && head -n 1 "$f"; done; :"#
    }
}
