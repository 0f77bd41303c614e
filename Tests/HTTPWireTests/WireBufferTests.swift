import HTTPWire
import TestKit
import Testing

@Suite struct WireBufferTests {
    /// Against an array: random appends and consumes.
    @Test(arguments: 0..<50)
    func behavesLikeAnArray(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let buffer = WireBuffer(capacity: Int.random(in: 0...32, using: &generator))
        var model: [UInt8] = []
        for step in 0..<400 {
            if Bool.random(using: &generator) {
                let piece = (0..<Int.random(in: 0...40, using: &generator)).map { UInt8(truncatingIfNeeded: $0 + step) }
                buffer.append(piece)
                model += piece
            } else {
                let count = Int.random(in: 0...model.count, using: &generator)
                buffer.consume(count)
                model.removeFirst(count)
            }
            #expect(Array(buffer.readable) == model, "seed \(seed) step \(step)")
            #expect(buffer.count == model.count && buffer.isEmpty == model.isEmpty && buffer.capacity >= model.count)
        }
    }

    @Test(arguments: [0, 1, 9, 10, 15, 16, 255, 256, 99_999, UInt64.max])
    func writesNumbers(number: UInt64) {
        let buffer = WireBuffer(capacity: 0)
        buffer.append(decimal: number)
        buffer.append(";")
        buffer.append(hex: number)
        #expect(String(decoding: buffer.readable, as: UTF8.self) == "\(number);\(String(number, radix: 16))")
    }

    @Test func reservesAndCommits() {
        let buffer = WireBuffer(capacity: 8)
        buffer.append("abcdef" as StaticString)
        buffer.consume(4)
        let room = buffer.reserve(6)
        #expect(room.count >= 6)
        #expect(buffer.capacity == 8, "what is left was moved, the buffer did not grow")
        room[0] = 0x67
        buffer.commit(1)
        #expect(Array(buffer.readable) == Array("efg".utf8))
    }

    @Test func givesItsMemoryBack() {
        let buffer = WireBuffer(capacity: 64)
        buffer.append(1)
        buffer.release()
        #expect(buffer.isEmpty && buffer.capacity == 0 && buffer.readable.baseAddress == nil)
        buffer.append("again")
        #expect(String(decoding: buffer.readable, as: UTF8.self) == "again")
    }
}
