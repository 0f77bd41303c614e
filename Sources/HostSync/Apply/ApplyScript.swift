import SSHTransport

/// Writes the one script that brings a host to what its plan says, and the list of contents that it needs.
///
/// A step runs in a subshell of its own. Its output goes to a file and not to the connection: a daemon that it starts
/// would otherwise hold the connection open. What a step notifies is journalled before the step, and struck out after
/// the handler has run; a run that dies between them leaves the note for the next one.
struct ApplyScript {
    /// Numbers of probe sections in the same leg begin here.
    static let firstProbeNumber = 1_000_000
    private static let mostOutputBytes = 16 << 10

    private(set) var lines: [String] = []
    private(set) var contents: [(name: String, content: Content)] = []

    init() {
        lines = [
            ApplyPrelude.text, "apus_failed=",
            #"apus_end() { c=$2; [ ! -s "$S/out" ] || head -c \#(ApplyScript.mostOutputBytes) "$S/out"; apus_mark e "$1" "$c"; }"#,
            #"apus_pend() { [ -f "$D/pending/$1" ] || { printf '%s\n' "$2" >"$D/pending/$1" && { sync "$D/pending/$1" 2>/dev/null || sync; }; }; }"#,
        ]
    }

    /// - Parameters:
    ///   - number: The item's place in the plan, under which its result comes back.
    ///   - title: For the reader of the script.
    ///   - notifies: Names of handlers.
    ///   - stopsRun: Whether a failure keeps the later steps from being run.
    mutating func step(
        _ number: Int, title: String, _ steps: StepScript, notifies: [String] = [], stopsRun: Bool = true
    ) {
        lines.append("# \(title.replacing("\n", with: " "))")
        lines.append("if [ -z \"$apus_failed\" ]; then apus_mark s \(number)")
        for name in notifies {
            lines.append("apus_pend \(HandlerJournal.fileName(name)) \(ShellText.quoted(name))")
        }
        subshell(number, steps)
        if stopsRun { lines.append("[ \"$c\" = 0 ] || apus_failed=\(number)") }
        lines.append("fi")
    }

    /// A handler: it runs when somebody notified it, now or in a run that died.
    mutating func handler(_ number: Int, name: String, _ steps: StepScript) {
        let file = "\"$D/pending/\(HandlerJournal.fileName(name))\""
        lines.append("# handler \(name.replacing("\n", with: " "))")
        lines.append("if [ -z \"$apus_failed\" ] && [ -f \(file) ]; then apus_mark s \(number)")
        subshell(number, steps)
        lines.append("if [ \"$c\" = 0 ]; then rm -f \(file); else apus_failed=\(number); fi")
        lines.append("fi")
    }

    /// The same questions as before, asked again at the end.
    mutating func verify(_ probe: ProbeScript) {
        lines += probe.chunks
    }

    private mutating func subshell(_ number: Int, _ steps: StepScript) {
        lines.append("( set -e")
        lines += steps.resolved(number: number)
        lines.append(") </dev/null >\"$S/out\" 2>&1 3<&-")
        lines.append("apus_end \(number) $?")
        for (index, content) in steps.contents.enumerated() {
            contents.append(("c\(number)-\(index)", content))
        }
    }

    /// Whole: its last line is what proves that it arrived.
    func text(nonce: String) -> String {
        (lines + ["# end \(nonce)", ""]).joined(separator: "\n")
    }

    /// Unpacks what follows on descriptor 3 and runs it when it is whole.
    static let receive = #"""
        S=$D/stage; rm -rf "$S"; c=1
        if mkdir -p "$S" && tar -xf - -C "$S" <&3 2>"$S/tar"; then
        if [ "$(tail -n 1 "$S/apply" 2>/dev/null)" = "# end $N" ]; then c=0; . "$S/apply"; fi
        fi
        if [ "$c" = 1 ] && [ ! -f "$S/apply" ]; then apus_mark s 999999; cat "$S/tar" 2>&1; apus_mark e 999999 1; fi
        rm -rf "$S"; rm -f "$D/temporary"
        apus_mark end
        """#
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
