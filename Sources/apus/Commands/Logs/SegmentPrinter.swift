import Base
import Crypto
import LogArchive

/// Prints archived segments one after the other; one that cannot be read is named on standard error, and the next comes.
struct SegmentPrinter {
    private let catalogue: Catalogue
    private let filter: LineFilter
    private let times: Range<Int64>?
    /// What was printed last; nil where it does not reach its end.
    private var previous: CatalogueItem?
    private(set) var failures = 0

    /// - Parameter times: Milliseconds since 1970; nil for all.
    init(_ catalogue: Catalogue, _ filter: LineFilter, times: Range<Int64>?) {
        self.catalogue = catalogue
        self.filter = filter
        self.times = times
    }

    /// - Throws: What standard output cannot take.
    mutating func print(_ item: CatalogueItem) async throws {
        do {
            try await open(item)
        } catch let failed as PipedOutput.Failed {
            throw failed.error
        } catch let error as ApusError {
            failures += 1
            previous = nil
            Report.error("\(item.log), generation \(item.generation) (\(item.placeText)): \(error.description)")
        }
    }

    /// Prints what is left of the last line.
    func finish() throws {
        do {
            try PipedOutput.write(filter.finish())
        } catch let failed as PipedOutput.Failed {
            throw failed.error
        }
    }

    private mutating func open(_ item: CatalogueItem) async throws {
        let follows = previous.map { $0.log == item.log && $0.host == item.host } ?? false
        let reader = try await catalogue.reader(item)
        guard let times else {
            try PipedOutput.write(filter.begin(reference: item.rotated, isContinuing: follows))
            try await whole(item, reader)
            previous = item
            return
        }
        let slice = try await reader.slice(times, isFromBeginning: follows && filter.isInsideLine)
        try PipedOutput.write(filter.begin(reference: item.rotated, isContinuing: follows && slice.isFromBeginning))
        let filter = filter
        try await reader.read(slice) { try PipedOutput.write(filter.feed($0)) }
        previous = slice.isToEnd ? item : nil
    }

    private func whole(_ item: CatalogueItem, _ reader: PlainReader) async throws {
        var digest = SHA256()
        let filter = filter
        try await reader.whole { piece in
            digest.update(data: piece)
            try PipedOutput.write(filter.feed(piece))
        }
        let found = digest.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        guard let wanted = item.sha256, wanted != found else { return }
        throw ApusError(code: "content-differs", "what was printed of it is not what was archived: its SHA-256 differs")
    }
}
