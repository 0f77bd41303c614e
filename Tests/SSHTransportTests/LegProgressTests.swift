import Testing

@testable import SSHTransport

@Suite struct LegProgressTests {
    @Test func newSectionsAndMarksAreProgress() {
        var progress = LegProgress()
        let events: [(FrameParser.Event, Bool)] = [
            (.mark("ready"), true), (.mark("noise"), false), (.begin(1), true), (.end(1, code: 0), true),
            (.begin(2), true),
            (.begin(1), false), (.end(1, code: 0), false), (.mark("end"), true),
        ]
        for (event, isProgress) in events {
            let taken = progress.take(event)
            #expect(taken == isProgress, "\(event)")
        }
    }

    @Test func aTrickleIsNone() {
        var progress = LegProgress()
        let byte: ArraySlice<UInt8> = [65]
        let taken = (0..<16_385).map { _ in progress.take(.bytes(1, byte)) }
        #expect(taken.firstIndex(of: true) == 16_383)
        #expect(taken.count { $0 } == 1)
    }

    @Test func whatIsRememberedIsBounded() {
        var progress = LegProgress()
        let taken = (0..<(LegProgress.mostSections + 10)).count { progress.take(.begin($0)) }
        #expect(taken == LegProgress.mostSections)
    }
}
