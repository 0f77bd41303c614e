import TestKit

/// Changes messages the way attacks on framing do: bytes that parsers disagree about, lines doubled, moved and joined.
struct Mutator {
    private var generator: SeededGenerator
    private let corpus: [[UInt8]]

    init(seed: UInt64, corpus: [[UInt8]]) {
        generator = SeededGenerator(seed: seed)
        self.corpus = corpus
    }

    private static let pieces: [[UInt8]] = [
        "\r\n", "\n", "\r", "\0", " ", "\t", ":", ",", ";", "\r\n ", "\r\n\r\n", "#", "?", "/", "[", "]", "0x", "+",
        "chunked",
        "Content-Length: 1\r\n", "Content-Length:0\r\n", "Transfer-Encoding: chunked\r\n", "Host: b\r\n",
        "Connection: close\r\n",
        "Connection: host, x\r\n", "Expect: 100-continue\r\n", "HTTP/1.1", "HTTP/1.0", "http://b", "TE: trailers\r\n",
        "é",
        "Upgrade: a\r\n", "9223372036854775807", "18446744073709551616", "::", "%25",
    ].map { Array($0.utf8) }

    mutating func next() -> [UInt8] {
        var bytes = corpus[Int.random(in: corpus.indices, using: &generator)]
        for _ in 0..<Int.random(in: 0...4, using: &generator) { mutate(&bytes) }
        return bytes
    }

    /// Up to three places at which to cut.
    mutating func splits() -> [Int] {
        (0..<Int.random(in: 1...3, using: &generator)).map { _ in Int.random(in: 0...1 << 20, using: &generator) }
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let at = Int.random(in: 0...bytes.count, using: &generator)
        let length = min(bytes.count - at, Int.random(in: 1...8, using: &generator))
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: at)
        case 1: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &generator) }
        case 2: if at < bytes.count { bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &generator) }
        case 3: bytes.removeSubrange(at..<(at + length))
        case 4: bytes.insert(contentsOf: piece(), at: at)
        case 5: bytes.replaceSubrange(at..<(at + length), with: piece())
        default: moveLine(&bytes)
        }
    }

    private mutating func piece() -> [UInt8] {
        Mutator.pieces[Int.random(in: Mutator.pieces.indices, using: &generator)]
    }

    /// Puts a line of any message behind a line of this one.
    private mutating func moveLine(_ bytes: inout [UInt8]) {
        let other = corpus[Int.random(in: corpus.indices, using: &generator)]
        let lines = other.split(separator: 10)
        let ends = bytes.indices.filter { bytes[$0] == 10 }
        guard let line = lines.randomElement(using: &generator), let end = ends.randomElement(using: &generator) else {
            return
        }
        bytes.insert(contentsOf: line + [10], at: end + 1)
    }
}
