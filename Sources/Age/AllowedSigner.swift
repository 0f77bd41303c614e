import Base

/// One line of an allowed signers file (ssh-keygen(1)): who may sign, with which key, for what, and when.
///
///     principal[,principal] [option[,option]] keytype base64 [comment]
///
/// Stricter than OpenSSH, which skips a line that it does not understand: here such a line is an error, so that nobody
/// is locked out, or let in for longer than was meant, by a slip of the pen.
struct AllowedSigner {
    /// Of one file.
    static let maximumCount = 10_000

    /// As they stand in the file, without quotes.
    let principals: String
    let options: AllowedSignerOptions
    let keyBlob: [UInt8]
    /// Counted from 1.
    let line: Int

    static func parse(_ text: String) throws(SSHSignatureError) -> [AllowedSigner] {
        var signers = [AllowedSigner]()
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            var fields = AllowedSignerFields(Array(line), line: index + 1)
            guard !fields.isEmpty else { continue }
            guard signers.count < maximumCount else { throw fields.bad("more than \(maximumCount) signers") }
            signers.append(try AllowedSigner(&fields))
        }
        return signers
    }

    private init(_ fields: inout AllowedSignerFields) throws(SSHSignatureError) {
        line = fields.line
        principals = try AllowedSigner.principals(try fields.next("principals"), fields)
        var field = try fields.next("the type of the key")
        if AllowedSigner.isKeyType(field) {
            options = AllowedSignerOptions()
        } else {
            options = try AllowedSignerOptions(field, fields)
            field = try fields.next("the type of the key")
            guard AllowedSigner.isKeyType(field) else { throw fields.bad("no type of key follows the options") }
        }
        let encoded = Array(try fields.next("the key").utf8)
        guard let blob = AgeBase64.decode(encoded[...], padded: true) else {
            throw fields.bad("the key is not canonical base64")
        }
        var reader = SSHWireReader(blob)
        guard reader.name() == field else { throw fields.bad("the key is not of the type that stands before it") }
        if SSHPublicKey.supported.contains(field) {
            do throws(SSHSignatureError) { _ = try SSHPublicKey(blob) } catch {
                throw fields.bad("the key does not read")
            }
        }
        keyBlob = blob
    }

    private static func principals(
        _ field: String, _ fields: AllowedSignerFields
    ) throws(SSHSignatureError) -> String {
        let text = field.hasPrefix("\"") ? String(field.dropFirst().dropLast()) : field
        for principal in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard !principal.isEmpty else { throw fields.bad("a principal is empty") }
            guard !principal.hasPrefix("!"), !principal.contains("\"") else {
                throw fields.bad("a principal has a ! or a quote, which is not supported")
            }
        }
        return text
    }

    private static func isKeyType(_ field: String) -> Bool {
        SSHPublicKey.supported.contains(field) || SSHPublicKey.refused.contains(field)
    }

    /// The first signer with that key who may sign for `namespace` at `now`.
    ///
    /// - Throws: `unknownSigner`; or why the first line with that key does not apply, when none does.
    static func choose(
        _ signers: [AllowedSigner], key: [UInt8], namespace: String, now: WallInstant
    ) throws(SSHSignatureError) -> AllowedSigner {
        var reason: SSHSignatureError?
        for signer in signers where signer.keyBlob == key {
            guard let refusal = signer.options.refusal(namespace: namespace, now: now, line: signer.line) else {
                return signer
            }
            reason = reason ?? refusal
        }
        throw reason ?? .unknownSigner(fingerprint: SSHPublicKey.fingerprint(key))
    }
}

/// The fields of a line, between blanks that do not stand in double quotes.
struct AllowedSignerFields {
    private var rest: ArraySlice<UInt8>
    let line: Int

    init(_ text: [UInt8], line: Int) {
        rest = text[...]
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        self.line = line
        skipBlanks()
    }

    /// Whether the line is empty or a comment.
    var isEmpty: Bool { rest.isEmpty || rest.first == UInt8(ascii: "#") }

    func bad(_ reason: String) -> SSHSignatureError { .badAllowedSigners(line: line, reason: reason) }

    mutating func next(_ what: String) throws(SSHSignatureError) -> String {
        var isQuoted = false
        var end = rest.startIndex
        while end < rest.endIndex, isQuoted || !AllowedSignerFields.isBlank(rest[end]) {
            if rest[end] == UInt8(ascii: "\"") { isQuoted.toggle() }
            end += 1
        }
        guard !isQuoted else { throw bad("a quote is not closed") }
        guard end > rest.startIndex else { throw bad("\(what) is missing") }
        guard let field = String(validating: rest[..<end], as: UTF8.self) else { throw bad("it is not UTF-8") }
        rest = rest[end...]
        skipBlanks()
        return field
    }

    private mutating func skipBlanks() { rest = rest.drop(while: AllowedSignerFields.isBlank) }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
