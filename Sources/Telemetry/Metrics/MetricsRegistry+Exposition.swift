package import Base
import Compression
import Synchronization

/// The answer to one scrape.
package struct Exposition: Sendable {
    package let contentType: String
    /// `gzip`, or nil for a plain body.
    package let contentEncoding: String?
    package let bytes: [UInt8]
}

extension MetricsRegistry {
    /// Renders all families for one scrape: in the order of their names, series in the order of their labels.
    ///
    /// The arithmetic, for 10,000 series of a counter with two labels (about 70 bytes a line, 0.7 MB in all): one array
    /// of that size, reserved from the last scrape; per series one retain, one copy of the cached `name{labels} ` and at
    /// most 20 digits, so no allocation but for fractions (`Double.description`). Families keep their series sorted
    /// between scrapes and sort again only after one came or went. A histogram of 12 buckets is 15 such lines. gzip at
    /// its fastest level costs several times the rendering; a scraper that does not ask for it does not pay it.
    ///
    /// - Parameters:
    ///   - accept: the request's `Accept` field, nil where it has none.
    ///   - acceptEncoding: the request's `Accept-Encoding` field.
    ///   - now: what idle series are measured against.
    package func expose(accept: String?, acceptEncoding: String?, now: MonotonicInstant) -> Exposition {
        let negotiation = ExpositionNegotiation(accept: accept, acceptEncoding: acceptEncoding)
        let plain = render(negotiation.format, now: now)
        if negotiation.useGzip, let packed = try? Gzip.compress(plain, level: .fastest) {
            return Exposition(contentType: negotiation.contentType, contentEncoding: "gzip", bytes: packed)
        }
        return Exposition(contentType: negotiation.contentType, contentEncoding: nil, bytes: plain)
    }

    /// The body alone, in the given format.
    package func render(_ format: ExpositionFormat, now: MonotonicInstant) -> [UInt8] {
        let collected = collected()
        let (families, lastSize) = state.withLock { (MetricsRegistry.sortedFamilies(&$0), $0.lastSize) }
        var output = [UInt8]()
        output.reserveCapacity(lastSize + lastSize / 8)
        var rest = collected[...]
        for family in families {
            while let next = rest.first, precedes(next.base, family.base) {
                next.append(format, now: now, to: &output)
                rest = rest.dropFirst()
            }
            family.append(format, now: now, to: &output)
        }
        for family in rest { family.append(format, now: now, to: &output) }
        if format == .openMetrics { output.append(contentsOf: "# EOF\n".utf8) }
        state.withLock { $0.lastSize = output.count }
        return output
    }

    private static func sortedFamilies(_ state: inout State) -> [any ExposedFamily] {
        if let sorted = state.sorted { return sorted }
        let sorted = state.families.values.sorted { precedes($0.base, $1.base) }
        state.sorted = sorted
        return sorted
    }
}

/// Names are ASCII: their bytes are their order.
private func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
