import Glibc

/// The names in an X.509 certificate (RFC 5280 sections 4.1 and 4.2.1.6), which swift-nio-ssl does not give out. It
/// reads certificates that BoringSSL has already accepted; what it cannot read stays empty.
struct CertificateFields {
    private(set) var subject = ""
    private(set) var issuer = ""
    private(set) var commonName: String?
    private(set) var hasAlternativeNames = false
    private(set) var dnsNames: [String] = []
    private(set) var addresses: [String] = []
    private(set) var uris: [String] = []

    init(der: [UInt8]) {
        var outer = DERReader(der[...])
        guard let certificate = outer.next(), var body = DERReader.inside(certificate) else { return }
        // [0] version, serial number, signature algorithm
        _ = body.next(tag: 0xA0)
        guard body.next() != nil, body.next() != nil, let issuer = body.next(), body.next() != nil,
            let subject = body.next()
        else { return }
        (self.issuer, _) = DistinguishedName.text(issuer)
        (self.subject, commonName) = DistinguishedName.text(subject)
        while let element = body.nextElement() {
            if element.tag == 0xA3 { readExtensions(element.content) }
        }
    }

    private mutating func readExtensions(_ bytes: ArraySlice<UInt8>) {
        guard var list = DERReader.inside(bytes) else { return }
        while var entry = list.nextReader() {
            guard let identifier = entry.next(), Array(identifier) == [0x55, 0x1D, 0x11] else { continue }
            // `critical` may stand between the identifier and the value.
            _ = entry.next(tag: 0x01)
            guard let value = entry.next(tag: 0x04), let names = DERReader.inside(value) else { continue }
            readNames(names)
        }
    }

    private mutating func readNames(_ names: DERReader) {
        var names = names
        hasAlternativeNames = true
        while let name = names.nextElement() {
            let text = String(decoding: name.content, as: UTF8.self)
            switch name.tag {
            case 0x82: dnsNames.append(text.lowercased())
            case 0x86: uris.append(text)
            case 0x87: if let address = CertificateFields.address(Array(name.content)) { addresses.append(address) }
            default: continue
            }
        }
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
            return nil
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Elements of the distinguished encoding rules (X.690): tag, length, content. Tags above 30 and indefinite lengths do
/// not occur.
struct DERReader {
    private var reader: ByteReader

    init(_ bytes: ArraySlice<UInt8>) { reader = ByteReader(bytes) }

    mutating func nextElement() -> (tag: UInt8, content: ArraySlice<UInt8>)? {
        guard let tag = reader.number(1), let first = reader.number(1) else { return nil }
        var length = first
        if first >= 0x80 {
            guard (1...4).contains(first - 0x80), let long = reader.number(first - 0x80) else { return nil }
            length = long
        }
        return reader.take(length).map { (UInt8(tag), $0) }
    }

    mutating func next() -> ArraySlice<UInt8>? { nextElement()?.content }

    /// The next element if it has `tag`; otherwise it stays.
    mutating func next(tag: UInt8) -> ArraySlice<UInt8>? {
        guard reader.rest.first == tag else { return nil }
        return next()
    }

    /// The elements within the first one of `bytes`.
    static func inside(_ bytes: ArraySlice<UInt8>) -> DERReader? {
        var reader = DERReader(bytes)
        return reader.nextReader()
    }

    /// The elements within the next one.
    mutating func nextReader() -> DERReader? { next().map { DERReader($0) } }
}
