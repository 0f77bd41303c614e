import Testing

@testable import HTTP2Wire

/// However a client's bytes are cut, the same frames are found.
@Suite struct FrameWatchTests {
    private static let bytes: [UInt8] = RawClient.preface(
        .settings([]), .headers(1, end: false), .data(1, "some of it", end: false), .headers(3),
        .headers(1, [("x", "y")]), .priority(9), .ping(), .headers(3), .headers(5))

    @Test(arguments: [1, 2, 3, 5, 8, 9, 10, 64, 100_000])
    func trailersAndRepeatedHeadsAreFound(size: Int) {
        var watch = FrameWatch()
        var found: [Int32] = []
        for start in stride(from: 0, to: Self.bytes.count, by: size) {
            Array(Self.bytes[start..<min(start + size, Self.bytes.count)]).withUnsafeBytes { piece in
                var position = 0
                while let finding = watch.next(piece, from: &position) { found.append(finding.stream) }
                #expect(position == piece.count)
            }
        }
        #expect(found == [1, 3])
    }

    @Test func theOffsetIsWhereTheFrameBegins() throws {
        var watch = FrameWatch()
        try Self.bytes.withUnsafeBytes { bytes in
            var position = 0
            let finding = try #require(watch.next(bytes, from: &position))
            #expect(position == finding.offset + 9)
            #expect(Array(bytes[finding.offset..<position]) == Array(RawFrame.headers(1, [("x", "y")]).bytes.prefix(9)))
        }
    }

    /// The first bytes of a frame may have come, and gone to NIO, before the rest.
    @Test func aFrameThatHasBegunBeforeIsFoundAtTheFront() throws {
        var watch = FrameWatch()
        let cut = try #require(Self.offsetOfTrailers) + 4
        _ = Array(Self.bytes[..<cut]).withUnsafeBytes { bytes in
            var position = 0
            return watch.next(bytes, from: &position)
        }
        let finding = Array(Self.bytes[cut...]).withUnsafeBytes { bytes in
            var position = 0
            return watch.next(bytes, from: &position)
        }
        #expect(finding == FrameWatch.Finding(offset: 0, stream: 1))
    }

    private static var offsetOfTrailers: Int? {
        var watch = FrameWatch()
        return bytes.withUnsafeBytes { bytes in
            var position = 0
            return watch.next(bytes, from: &position)?.offset
        }
    }
}

extension RawClient {
    /// The client's preface and frames behind it.
    fileprivate static func preface(_ frames: RawFrame...) -> [UInt8] {
        ([RawFrame.preface] + frames).flatMap(\.bytes)
    }
}
