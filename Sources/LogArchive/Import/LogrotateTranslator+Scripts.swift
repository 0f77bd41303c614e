import Base

/// Scripts become hooks, or a `reopen` where it is certain what they do.
extension LogrotateTranslator {
    mutating func translateScripts() {
        settings.hooks.firstAction = hook(.firstaction)
        settings.hooks.preRotate = hook(.prerotate)
        settings.hooks.lastAction = hook(.lastaction)
        settings.hooks.preRemove = hook(.preremove)
        translatePostRotate()
        settings.hooks.shared =
            options.sharedScripts && (settings.hooks.preRotate != nil || settings.hooks.postRotate != nil)
    }

    /// As a `reopen` where it is certain what the script does: that runs after the rename and has no arguments.
    private mutating func translatePostRotate() {
        guard let script = options.scripts[.postrotate], settings.rotate.method == .rename else {
            settings.hooks.postRotate = hook(.postrotate)
            return
        }
        var reopen = ReopenSettings()
        switch LogrotateScript(script) {
        case .signal(let signal, let file):
            reopen.signal = ReopenSettings.Signal(rawValue: signal) ?? .hangUp
            reopen.pidFile = file
            settings.rotate.reopen = reopen
        case .command(let words):
            reopen.run = words
            settings.rotate.reopen = reopen
        case .shell: settings.hooks.postRotate = hook(.postrotate)
        }
        if settings.rotate.reopen != nil, script.contains("||") || script.contains("/dev/null") {
            hint("postrotate", "became rotate.reopen: its failures are told now")
        }
    }

    /// A rule's file has at most 8 MiB.
    private static let longestScript = 1 << 20

    private mutating func hook(_ script: LogrotateOptions.Script) -> CommandSettings? {
        guard let text = options.scripts[script].map(LogrotateTranslator.trimmed), !text.isEmpty else { return nil }
        guard !text.unicodeScalars.contains(where: { $0 == "\u{FFFD}" || $0 == "\0" }) else {
            note(script.rawValue, "the script is not UTF-8: left out")
            return nil
        }
        guard text.utf8.count <= LogrotateTranslator.longestScript else {
            note(script.rawValue, "the script has more than 1 MiB: left out")
            return nil
        }
        var command = CommandSettings()
        command.shell = text
        // logrotate waits for ever.
        command.timeout = .seconds(3600)
        return command
    }

    /// Without the empty lines around it, and without the indentation that all lines have, where that cannot be part of a
    /// text in quotes or of a here document.
    static func trimmed(_ script: String) -> String {
        // By bytes: to Swift a carriage return and a newline are one character.
        var lines = script.utf8.split(separator: LogrotateCursor.newline, omittingEmptySubsequences: false).map {
            Array($0)
        }
        func isBlank(_ line: [UInt8]) -> Bool { line.allSatisfy(LogrotateCursor.isSpace) }
        while let first = lines.first, isBlank(first) { lines.removeFirst() }
        while let last = lines.last, isBlank(last) { lines.removeLast() }
        guard let first = lines.first else { return "" }
        var indent = Array(first.prefix(while: LogrotateCursor.isBlank))
        for line in lines where !isBlank(line) {
            indent = zip(indent, line).prefix { $0 == $1 }.map { $0.0 }
        }
        if !mayQuoteLines(lines) {
            lines = lines.map { $0.starts(with: indent) ? Array($0.dropFirst(indent.count)) : [] }
        }
        let text = String(decoding: Array(lines.joined(separator: [LogrotateCursor.newline])), as: UTF8.self)
        return text + (lines.count > 1 ? "\n" : "")
    }

    private static func mayQuoteLines(_ lines: [[UInt8]]) -> Bool {
        lines.contains { line in
            let quotes = "'\"`".utf8.contains { quote in line.count { $0 == quote } % 2 == 1 }
            return quotes || String(decoding: line, as: UTF8.self).contains("<<")
        }
    }
}
