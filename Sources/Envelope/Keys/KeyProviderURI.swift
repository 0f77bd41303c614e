package import Base

/// Where keys come from, as a rule says it.
///
///     kms://prod/log-enc            the alias `alias/prod/log-enc` of a KMS
///     kms://arn:aws:kms:…           a key by its ARN, UUID or multi-region id (`mrk-…`), or `alias/…`: as it stands
///     file:/etc/apus/logs.keys      a key ring
///     env:APUS_LOG_KEY              an environment variable
///     exec:/usr/libexec/hsm-wrap slot-3     a program and its arguments, separated by spaces; there is no quoting
package enum KeyProviderURI: Sendable, Equatable {
    case kms(keyID: String)
    case file(path: String)
    case env(variable: String)
    case exec([String])

    private static let maximumBytes = 1024
    private static let maximumArguments = 64

    /// - Throws: `ApusError` `key-provider-bad`, which repeats nothing of the text: someone may have put a key there.
    package init(_ text: String) throws(ApusError) {
        guard FieldBounds.isText(text, limit: KeyProviderURI.maximumBytes), let colon = text.firstIndex(of: ":") else {
            throw KeyProviderURI.bad("it is 1 to 1,024 bytes of text, one of kms://…, file:/…, env:… and exec:/…")
        }
        let rest = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "kms": self = .kms(keyID: try KeyProviderURI.keyID(rest))
        case "file": self = .file(path: try KeyProviderURI.path(rest, "file:/etc/apus/logs.keys"))
        case "env": self = .env(variable: try KeyProviderURI.variable(rest))
        case "exec": self = .exec(try KeyProviderURI.command(rest))
        default: throw KeyProviderURI.bad("it begins with kms://, file:, env: or exec:")
        }
    }

    /// The provider that the text means.
    ///
    /// - Parameters:
    ///   - name: The text itself, as it goes into headers.
    ///   - kms: The service for `kms://`.
    ///   - environment: Where `env:` looks.
    ///   - timeout: Within which a program of `exec:` has to answer.
    /// - Throws: `ApusError` `key-provider-bad`.
    package static func provider(
        _ name: String, kms: (any KeyManagementService)?, environment: [String: String],
        timeout: Duration = ExecKeyProvider.usualTimeout, time: any TimeSource
    ) throws(ApusError) -> any KeyRewrapper {
        switch try KeyProviderURI(name) {
        case .kms(let keyID):
            guard let kms else { throw bad("kms:// needs a cloud's credentials and region") }
            return KMSKeyProvider(name: name, keyID: keyID, service: kms)
        case .file(let path): return FileKeyProvider(path: path)
        case .env(let variable): return try EnvKeyProvider(variable: variable, environment: environment)
        case .exec(let command): return ExecKeyProvider(command: command, timeout: timeout, time: time)
        }
    }

    private static func keyID(_ rest: String) throws(ApusError) -> String {
        let name = rest.dropFirst(2)
        guard rest.hasPrefix("//"), !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw bad("after kms:// stands a key's alias, ARN or id, without spaces")
        }
        let taken = ["arn:", "acs:", "alias/", "mrk-"].contains { name.hasPrefix($0) } || isUUID(name)
        return taken ? String(name) : "alias/\(name)"
    }

    /// 8-4-4-4-12 hexadecimal digits (RFC 9562, section 4).
    private static func isUUID(_ text: Substring) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
    }

    private static func path(_ rest: String, _ example: String) throws(ApusError) -> String {
        guard rest.hasPrefix("/"), !rest.hasPrefix("//"), !rest.hasSuffix("/") else {
            throw bad("the path of a file is absolute, as in \(example)")
        }
        return rest
    }

    private static func variable(_ rest: String) throws(ApusError) -> String {
        let isRight = rest.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
                return true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): return index > 0
            default: return false
            }
        }
        guard isRight, (1...256).contains(rest.utf8.count) else {
            throw bad("after env: stands the name of an environment variable, not its value")
        }
        return rest
    }

    private static func command(_ rest: String) throws(ApusError) -> [String] {
        let words = rest.split(separator: " ").map(String.init)
        guard let program = words.first, words.count <= maximumArguments else {
            throw bad("after exec: stand a program and at most 63 arguments")
        }
        _ = try path(program, "exec:/usr/libexec/wrap-keys slot-3")
        return words
    }

    private static func bad(_ reason: String) -> ApusError {
        ApusError(code: "key-provider-bad", "the key provider does not read: \(reason)", kind: .declaration)
    }
}
