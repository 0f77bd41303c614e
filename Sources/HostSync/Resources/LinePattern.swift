import Glibc

/// A POSIX extended regular expression with GNU's additions (`\w`, `\b`, `\<`), matched by the C library against one
/// line at a time, byte by byte.
struct LinePattern: ~Copyable {
    private var compiled = regex_t()

    /// - Throws: `ResourceFault` with what regcomp(3) says.
    init(_ text: String) throws(ResourceFault) {
        guard !text.utf8.contains(0) else { throw ResourceFault("a regular expression cannot hold a NUL") }
        let posix: String
        do throws(RegexTranslation.Fault) {
            posix = try RegexTranslation.posix(text)
        } catch {
            throw ResourceFault("not a regular expression: \(error.message)")
        }
        let code = regcomp(&compiled, posix, REG_EXTENDED)
        guard code == 0 else {
            var message = [CChar](repeating: 0, count: 256)
            let length = regerror(code, nil, &message, message.count)
            let bytes = message.prefix(max(0, min(length, message.count) - 1)).map { UInt8(bitPattern: $0) }
            throw ResourceFault("not a regular expression: \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    deinit {
        var compiled = compiled
        regfree(&compiled)
    }

    /// The whole match and its groups (nine at most; nil where a group took no part), or nil.
    func match(_ line: some Collection<UInt8>) -> [Range<Int>?]? {
        let bytes = Array(line)
        var places = [regmatch_t](repeating: regmatch_t(rm_so: -1, rm_eo: -1), count: 10)
        // REG_STARTEND takes the bounds from the first place, so that the line needs no NUL at its end and may hold
        // some.
        places[0] = regmatch_t(rm_so: 0, rm_eo: regoff_t(clamping: bytes.count))
        let code = withUnsafePointer(to: compiled) { pattern in
            bytes.withUnsafeBytes { buffer in
                buffer.withMemoryRebound(to: CChar.self) { text in
                    guard let start = text.baseAddress else { return regexec(pattern, "", 10, &places, 0) }
                    return regexec(pattern, start, 10, &places, REG_STARTEND)
                }
            }
        }
        guard code == 0 else { return nil }
        return places.map { place in
            let (start, end) = (Int(place.rm_so), Int(place.rm_eo))
            return start >= 0 && start <= end && end <= bytes.count ? start..<end : nil
        }
    }

    func matches(_ line: some Collection<UInt8>) -> Bool { match(line) != nil }
}
