/// Reads the name that a client asks for out of the first bytes of its connection (RFC 8446 section 4.1.2, RFC 6066
/// section 3), before any TLS state exists. A malformed hello counts as complete without a name: BoringSSL then
/// answers it with its alert.
enum ClientHello {
    enum Outcome: Hashable {
        case incomplete
        /// The name is in lower case, without a final dot.
        case complete(serverName: String?)
        case plaintextHTTP
        case notTLS
    }

    /// Bytes kept while a hello is incomplete. BoringSSL takes no larger handshake message than 16 KiB either.
    static let maximumLength = 18 << 10
    private static let maximumMessage = 16 << 10

    static func read(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        guard let first = bytes.first else { return .incomplete }
        guard first == 0x16 else { return isMethodLetter(first) ? .plaintextHTTP : .notTLS }
        guard bytes.count < 2 || bytes[1] == 3 else { return .notTLS }
        var message: [UInt8] = []
        var offset = 0
        while let record = nextRecord(bytes, &offset) {
            guard let record else { return .complete(serverName: nil) }
            message += record
            guard message.count >= 4 else { continue }
            let length = Int(message[1]) << 16 | Int(message[2]) << 8 | Int(message[3])
            guard message[0] == 1, length <= maximumMessage else { return .complete(serverName: nil) }
            guard message.count >= 4 + length else { continue }
            return .complete(serverName: serverName(message[4..<(4 + length)]))
        }
        return bytes.count < maximumLength ? .incomplete : .complete(serverName: nil)
    }

    /// The content of the record at `offset`; nil when it is not whole, `.some(nil)` when it is no handshake record.
    private static func nextRecord(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> ArraySlice<UInt8>?? {
        guard bytes.count - offset >= 5 else { return nil }
        let length = Int(bytes[offset + 3]) << 8 | Int(bytes[offset + 4])
        guard bytes[offset] == 0x16, length > 0, length <= 16 << 10 else { return .some(nil) }
        guard bytes.count - offset >= 5 + length else { return nil }
        defer { offset += 5 + length }
        return .some(Array(bytes[(offset + 5)..<(offset + 5 + length)])[...])
    }

    /// Methods are upper-case words (`GET`, `PRI`); no TLS record begins with a letter.
    private static func isMethodLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func serverName(_ hello: ArraySlice<UInt8>) -> String? {
        var reader = ByteReader(hello)
        guard reader.skip(2 + 32), reader.vector(1) != nil, reader.vector(2) != nil, reader.vector(1) != nil,
            let extensions = reader.vector(2)
        else { return nil }
        var list = ByteReader(extensions)
        while let type = list.number(2), let body = list.vector(2) {
            if type == 0 { return hostName(body) }
        }
        return nil
    }

    /// The first `host_name` of the list: a DNS name of 1 to 253 visible characters, otherwise nil.
    private static func hostName(_ body: ArraySlice<UInt8>) -> String? {
        var outer = ByteReader(body)
        guard let entries = outer.vector(2) else { return nil }
        var list = ByteReader(entries)
        guard list.number(1) == 0, var name = list.vector(2) else { return nil }
        if name.last == UInt8(ascii: ".") { name = name.dropLast() }
        guard (1...253).contains(name.count), name.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return String(decoding: name, as: UTF8.self).lowercased()
    }
}

/// Big-endian numbers and length-prefixed vectors (RFC 8446 section 3); nil past the end.
struct ByteReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func number(_ width: Int) -> Int? {
        take(width).map { $0.reduce(0) { $0 << 8 | Int($1) } }
    }

    /// The content of a vector whose length takes `width` bytes.
    mutating func vector(_ width: Int) -> ArraySlice<UInt8>? {
        guard let count = number(width) else { return nil }
        return take(count)
    }
}
