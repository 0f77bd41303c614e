package import Base

/// `exec:/usr/libexec/hsm-wrap slot-3`: a program wraps and unwraps, so that any HSM, vault or agent can be asked.
///
/// It is started for each key, without a shell, and reads one line of JSON:
///
///     {"operation":"wrap","key":"<32 bytes, Base64>","context":{"file":"…","host":"…"}}
///     {"operation":"unwrap","key":"<what wrap gave>","keyID":"…","version":"…","context":{…}}
///
/// It answers one line and ends with exit code 0 within the time that the rule gives it (`encrypt.timeout`, 10 s):
///
///     {"key":"<wrapped, up to 8,192 bytes, or the 32 bytes; Base64>","keyID":"slot-3","version":"7"}
///     {"error":"slot 3 is locked","code":"key-unknown" or "key-mismatch","retry":true}
///
/// `keyID` and `version` belong to the answer to `wrap` and may be missing (then: the program's path and nothing). The
/// program must bind what it wraps to the context. `error` is shown to the operator, cut to 200 characters; of its
/// standard error the same much of the first line, and only when it fails. Another exit code is a failure; 75
/// (EX_TEMPFAIL) may be tried again.
package struct ExecKeyProvider: LocalKeyWrapper {
    package static let usualTimeout = Duration.seconds(30)
    private static let shownCharacters = 200
    private static let temporaryFailure: Int32 = 75

    package let name: String
    private let command: [String]
    private let timeout: Duration
    private let time: any TimeSource

    /// - Precondition: `command` holds at least the program; `KeyProviderURI` makes it.
    package init(command: [String], timeout: Duration = ExecKeyProvider.usualTimeout, time: any TimeSource) {
        precondition(!command.isEmpty, "a command has a program")
        name = "exec:" + command.joined(separator: " ")
        self.command = command
        self.timeout = timeout
        self.time = time
    }

    func wrap(_ key: DataKey, _ context: EnvelopeContext) async throws(ApusError) -> WrappedKey {
        try context.check()
        let answer = try await ask("wrap", key: key.reveal(), [], context)
        let wrapped = WrappedKey(
            provider: name, keyID: answer.text("keyID") ?? command[0], version: answer.text("version") ?? "",
            ciphertext: answer.key)
        try wrapped.check()
        return wrapped
    }

    package func open(_ wrapped: WrappedKey, _ context: EnvelopeContext) async throws(ApusError) -> DataKey {
        let of = [("keyID", wrapped.keyID), ("version", wrapped.version)]
        let answer = try await ask("unwrap", key: wrapped.ciphertext, of, context)
        guard answer.key.count == 32 else {
            throw ProgramCall.failure("\(command[0]) gave a key that has not 256 bits")
        }
        return DataKey(answer.key)
    }

    private struct Answer {
        let fields: [String: FlatJSON.Value]
        let key: [UInt8]

        func text(_ name: String) -> String? { fields.text(name) }
    }

    private func ask(
        _ operation: String, key: [UInt8], _ of: [(String, String)], _ context: EnvelopeContext
    ) async throws(ApusError) -> Answer {
        let pairs = context.pairs.map { ($0.name, $0.value) }
        let fields =
            ([("operation", operation), ("key", KeyText.base64(key))] + of).map(ExecKeyProvider.member)
            + ["\"context\":{" + pairs.map(ExecKeyProvider.member).joined(separator: ",") + "}"]
        let line = "{" + fields.joined(separator: ",") + "}\n"
        let answer = try await ProgramCall.run(command, input: Array(line.utf8), timeout: timeout, time: time)
        guard answer.exitCode == 0 else {
            let complaint = answer.complaint.split(separator: UInt8(ascii: "\n")).first.map(ExecKeyProvider.shown)
            throw ProgramCall.failure(
                "\(command[0]) ended with exit code \(answer.exitCode)" + (complaint.map { ": \($0)" } ?? ""),
                canRetry: answer.exitCode == ExecKeyProvider.temporaryFailure)
        }
        return try read(answer.output)
    }

    private func read(_ output: [UInt8]) throws(ApusError) -> Answer {
        guard let fields = FlatJSON.parse(output) else {
            throw ProgramCall.failure("\(command[0]) does not answer one line of JSON")
        }
        if let error = fields.text("error") {
            let code = fields.text("code").flatMap { ["key-unknown", "key-mismatch"].contains($0) ? $0 : nil }
            throw ApusError(
                code: code ?? "key-provider-failed", "\(command[0]): \(ExecKeyProvider.shown(Array(error.utf8)[...]))",
                canRetry: fields["retry"] == .flag(true))
        }
        guard let key = fields.text("key").flatMap(KeyText.bytes(base64:)), !key.isEmpty else {
            throw ProgramCall.failure("\(command[0]) answers no `key` in Base64")
        }
        return Answer(fields: fields, key: key)
    }

    private static func member(_ name: String, _ value: String) -> String {
        FlatJSON.quoted(name) + ":" + FlatJSON.quoted(value)
    }

    /// Printable ASCII, cut.
    private static func shown(_ bytes: ArraySlice<UInt8>) -> String {
        let printable = bytes.prefix(shownCharacters).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: printable, as: UTF8.self)
    }
}

extension [String: FlatJSON.Value] {
    fileprivate func text(_ name: String) -> String? {
        if case .text(let text) = self[name] { return text }
        return nil
    }
}
