import Crypto

/// One recipient's part of a header: what kind it is of, what it needs to be told, and the wrapped file key.
struct AgeStanza: Equatable {
    /// At least one, each of one or more visible ASCII characters. The first names the type.
    let arguments: [String]
    let body: [UInt8]
    /// The line of its arguments, counted from 1; 0 for one that was made here.
    var line = 0

    var type: String { arguments[0] }

    func malformed(_ reason: String) -> AgeError { .malformedHeader(line: line, reason: reason) }
}

/// The text at the start of a file, read into stanzas. It is kept as it came, because its HMAC is over the very bytes.
struct AgeHeader {
    static let maximumLength = 64 << 10
    static let maximumStanzas = 128

    private static let start = [UInt8]("age-encryption.org/".utf8)
    private static let version = "v1"
    private static let columns = 64
    private static let macLength = 32

    let stanzas: [AgeStanza]
    /// Bytes of the header with its last line feed, which is where the payload starts.
    let length: Int
    /// Everything up to and with the `---` of the last line.
    private let authenticated: [UInt8]
    private let mac: [UInt8]

    static func isStart(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: start) }

    /// - Throws: `notAnAgeFile`, `unsupportedVersion`, `truncated`, `headerTooLarge`, `malformedHeader`.
    init(parsing file: [UInt8]) throws(AgeError) {
        guard AgeHeader.isStart(file[...]) else { throw .notAnAgeFile }
        var lines = AgeLines(file, limit: AgeHeader.maximumLength)
        try AgeHeader.checkVersion(try lines.next().dropFirst(AgeHeader.start.count))

        var stanzas = [AgeStanza]()
        var line = try lines.next()
        while line.starts(with: [UInt8]("-> ".utf8)) {
            guard stanzas.count < AgeHeader.maximumStanzas else {
                throw lines.malformed("more than \(AgeHeader.maximumStanzas) stanzas")
            }
            stanzas.append(try AgeHeader.stanza(line.dropFirst(3), &lines))
            line = try lines.next()
        }
        guard !stanzas.isEmpty else { throw lines.malformed("a stanza was expected") }
        guard line.starts(with: [UInt8]("--- ".utf8)) else { throw lines.malformed("neither a stanza nor the MAC") }
        guard let mac = AgeBase64.decode(line.dropFirst(4), padded: false), mac.count == AgeHeader.macLength else {
            throw lines.malformed("the MAC is not 32 bytes of base64")
        }
        self.stanzas = stanzas
        self.mac = mac
        length = lines.position
        authenticated = Array(file[..<(line.startIndex + 3)])
    }

    private static func checkVersion(_ version: ArraySlice<UInt8>) throws(AgeError) {
        guard !version.isEmpty, version.allSatisfy(isVisible) else {
            throw .malformedHeader(line: 1, reason: "the version is not of visible characters")
        }
        guard version.elementsEqual(AgeHeader.version.utf8) else {
            throw .unsupportedVersion(String(decoding: version.prefix(16), as: UTF8.self))
        }
    }

    private static func stanza(_ text: ArraySlice<UInt8>, _ lines: inout AgeLines) throws(AgeError) -> AgeStanza {
        let number = lines.number
        var arguments = [String]()
        for argument in text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) {
            guard !argument.isEmpty, argument.allSatisfy(isVisible) else {
                throw lines.malformed("an argument is not of visible characters")
            }
            arguments.append(String(decoding: argument, as: UTF8.self))
        }
        var encoded = [UInt8]()
        while true {
            let line = try lines.next()
            guard line.count <= columns else { throw lines.malformed("more than \(columns) columns") }
            encoded += line
            if line.count < columns { break }
        }
        guard let body = AgeBase64.decode(encoded[...], padded: false) else {
            throw lines.malformed("the body is not canonical base64")
        }
        return AgeStanza(arguments: arguments, body: body, line: number)
    }

    private static func isVisible(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }

    /// Whether the header is as it was written by who had the file key. Compared in constant time.
    func isAuthentic(under fileKey: AgeFileKey) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(mac, authenticating: authenticated, using: fileKey.headerKey)
    }

    static func encoded(_ stanzas: [AgeStanza], fileKey: AgeFileKey) -> [UInt8] {
        var text = start + [UInt8]("\(version)\n".utf8)
        for stanza in stanzas {
            text += [UInt8]("-> \(stanza.arguments.joined(separator: " "))\n".utf8)
            let body = AgeBase64.encode(stanza.body, padded: false)
            // A body whose last line is full is followed by an empty one.
            for offset in stride(from: 0, through: body.count, by: columns) {
                text += body[offset..<min(offset + columns, body.count)] + [UInt8(ascii: "\n")]
            }
        }
        text += [UInt8]("---".utf8)
        let mac = Array(HMAC<SHA256>.authenticationCode(for: text, using: fileKey.headerKey))
        return text + [UInt8(ascii: " ")] + AgeBase64.encode(mac, padded: false) + [UInt8(ascii: "\n")]
    }
}

/// The lines of a header, one after the other and never past its bound.
struct AgeLines {
    private let bytes: [UInt8]
    private let limit: Int
    /// Where the next line starts.
    private(set) var position = 0
    /// Of the line that was last returned, counted from 1.
    private(set) var number = 0

    init(_ bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    /// The next line without its line feed.
    mutating func next() throws(AgeError) -> ArraySlice<UInt8> {
        let rest = bytes[position..<min(bytes.count, limit)]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            throw bytes.count > limit ? .headerTooLarge : .truncated
        }
        position = end + 1
        number += 1
        return rest[..<end]
    }

    func malformed(_ reason: String) -> AgeError { .malformedHeader(line: number, reason: reason) }
}
