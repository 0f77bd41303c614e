/// What a script of logrotate does, where that is certain: a signal to a process number from a file, or one plain command.
///
/// Anything else stays a shell script. A form is recognised whole or not at all.
enum LogrotateScript: Equatable {
    /// `kill -USR1 $(cat /run/nginx.pid)`, with or without a test of that file before.
    case signal(String, pidFile: String)
    /// A command by name and arguments, without quotes, variables or other things of the shell.
    case command([String])
    case shell

    /// What makes services reopen their logs: with other programs nobody knows whether they look at their working folder, their
    /// arguments or their output.
    private static let programs = [
        "systemctl", "service", "invoke-rc.d", "rc-service", "killall", "pkill", "rsyslog-rotate", "chronyc",
        "fail2ban-client", "corosync-cfgtool", "asterisk", "supervisorctl",
    ]

    init(_ text: String) {
        guard !text.utf8.contains(0x0D) else {
            self = .shell
            return
        }
        let line = LogrotateScript.normalized(text)
        if let (signal, file) = LogrotateScript.signal(line) {
            self = .signal(signal, pidFile: file)
        } else if let words = LogrotateScript.command(line) {
            self = .command(words)
        } else {
            self = .shell
        }
    }

    /// One line, single blanks, without output to /dev/null and without `|| true` at its end.
    private static func normalized(_ text: String) -> String {
        let joined = text.replacing("\\\n", with: " ")
        let lines = joined.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace) }
        let commands = lines.filter { !$0.isEmpty && $0[0].first != "#" }
        var line = commands.map { words in
            words.joined(separator: " ").replacing(" ;", with: ";")
        }.joined(separator: "; ").replacing(";;", with: ";").replacing("then;", with: "then")
        for output in ["1>", "2>", ">"] {
            line = line.replacing("\(output) /dev/null", with: "\(output)/dev/null")
        }
        for output in [" >/dev/null 2>&1", " &>/dev/null", " 1>/dev/null", " 2>/dev/null", " >/dev/null"] {
            line = line.replacing(output, with: "")
        }
        while line.hasSuffix(";") || line.hasSuffix(" ") { line.removeLast() }
        for end in [" || true", " || :", "; true", "; exit 0"] where line.hasSuffix(end) { line.removeLast(end.count) }
        return line
    }

    // MARK: Signals

    private static func signal(_ line: String) -> (signal: String, pidFile: String)? {
        var rest = line[...]
        var tested: Substring?
        for (start, link, end) in tests {
            guard line.hasPrefix(start), line.hasSuffix(end), let middle = line.firstRange(of: link),
                let from = line.index(line.startIndex, offsetBy: start.count, limitedBy: middle.lowerBound),
                middle.upperBound <= line.index(line.endIndex, offsetBy: -end.count)
            else { continue }
            tested = unquoted(line[from..<middle.lowerBound])
            rest = line[middle.upperBound..<line.index(line.endIndex, offsetBy: -end.count)]
            break
        }
        guard let (name, file) = kill(rest), isPath(file), tested == nil || tested == file else { return nil }
        return (name, String(file))
    }

    /// What stands before the tested file, between it and the command, and after the command.
    private static let tests: [(start: String, link: String, end: String)] = ["-f", "-e", "-s", "-r"].flatMap { test in
        [
            ("[ \(test) ", " ] && ", ""), ("test \(test) ", " && ", ""), ("[ ! \(test) ", " ] || ", ""),
            ("test ! \(test) ", " || ", ""), ("if [ \(test) ", " ]; then ", "; fi"),
            ("if test \(test) ", "; then ", "; fi"),
        ]
    }

    private static func kill(_ text: Substring) -> (signal: String, pidFile: Substring)? {
        var words = text.split(separator: " ")[...]
        guard let program = words.popFirst(), ["kill", "/bin/kill", "/usr/bin/kill"].contains(program),
            let option = words.popFirst(), option.hasPrefix("-")
        else { return nil }
        var name = option.dropFirst()
        if option == "-s" || option == "--signal" { name = words.popFirst() ?? "" }
        if name.hasPrefix("SIG") { name = name.dropFirst(3) }
        let numbers: [Substring: Substring] = [
            "1": "HUP", "2": "INT", "10": "USR1", "12": "USR2", "15": "TERM", "28": "WINCH",
        ]
        name = numbers[name] ?? name
        guard ReopenSettings.Signal(rawValue: String(name)) != nil else { return nil }
        let target = words.joined(separator: " ")
        for (start, end) in [("$(cat ", ")"), ("`cat ", "`"), ("\"$(cat ", ")\""), ("\"`cat ", "`\""), ("$(< ", ")")]
        where target.hasPrefix(start) && target.hasSuffix(end) && target.count > start.count + end.count {
            return (String(name), unquoted(Substring(target.dropFirst(start.count).dropLast(end.count))))
        }
        return nil
    }

    private static func unquoted(_ text: Substring) -> Substring {
        guard text.count > 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
            return text
        }
        return text.dropFirst().dropLast()
    }

    private static func isPath(_ text: Substring) -> Bool { text.hasPrefix("/") && isPlain(text) }

    // MARK: Commands

    private static func command(_ line: String) -> [String]? {
        let words = line.split(separator: " ")
        guard let first = words.first, words.allSatisfy(isPlain), !first.contains("="), words.count <= 20 else {
            return nil
        }
        let program = first.split(separator: "/").last.map(String.init) ?? ""
        return programs.contains(program) ? words.map(String.init) : nil
    }

    /// Without anything that a shell would look at.
    private static func isPlain(_ word: Substring) -> Bool {
        !word.isEmpty && word.first != "~"
            && word.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "_-./:=,@+%".utf8.contains(byte)
            }
    }
}
