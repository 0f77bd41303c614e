/// One element of an `Accept` or `Accept-Encoding` field (RFC 9110, section 12.5), with its weight.
struct AcceptElement {
    /// In lower case: `text/plain`, `gzip`, `*`.
    let value: String
    let parameters: [String: String]
    /// 0 to 1; 0 means "not this".
    let quality: Double

    /// Bound: the first 64 elements are read. What cannot be read counts as quality 0.
    static func parse(_ field: String) -> [AcceptElement] {
        field.split(separator: ",", maxSplits: 64).prefix(64).compactMap { element in
            let parts = element.split(separator: ";", maxSplits: 16, omittingEmptySubsequences: false)
            let value = trimmed(parts[0]).lowercased()
            if value.isEmpty { return nil }
            var parameters = [String: String]()
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = trimmed(pair[0]).lowercased()
                if pair.count == 2 && parameters[name] == nil { parameters[name] = unquoted(trimmed(pair[1])) }
            }
            let quality = parameters.removeValue(forKey: "q").map { parsedQuality($0) } ?? 1
            return AcceptElement(value: value, parameters: parameters, quality: quality)
        }
    }

    private static func parsedQuality(_ text: String) -> Double {
        guard let number = Double(text), number.isFinite else { return 0 }
        return min(max(number, 0), 1)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.utf8.first, first == 32 || first == 9 { text = text.dropFirst() }
        while let last = text.utf8.last, last == 32 || last == 9 { text = text.dropLast() }
        return String(text)
    }

    private static func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }
}

/// Chooses format and coding from what the scraper accepts. The rules are those of the scraping protocol of Prometheus:
/// the highest weight wins, OpenMetrics before text at the same weight, and text 0.0.4 where nothing fits.
struct ExpositionNegotiation {
    let format: ExpositionFormat
    let contentType: String
    let useGzip: Bool

    init(accept: String?, acceptEncoding: String?) {
        let elements = AcceptElement.parse(accept ?? "")
        var best: (format: ExpositionFormat, quality: Double, escaping: String?) = (.text, 0, nil)
        for element in elements {
            guard let format = ExpositionNegotiation.format(of: element), element.quality > 0 else { continue }
            let isBetter =
                element.quality > best.quality
                || (element.quality == best.quality && format == .openMetrics && best.format == .text)
            if isBetter { best = (format, element.quality, element.parameters["escaping"]) }
        }
        format = best.format
        contentType =
            (best.format == .text
                ? "text/plain; version=0.0.4; charset=utf-8"
                : "application/openmetrics-text; version=1.0.0; charset=utf-8")
            + ExpositionNegotiation.escaping(best.escaping)
        useGzip = ExpositionNegotiation.acceptsGzip(acceptEncoding ?? "")
    }

    /// Prometheus 3 asks how names outside of the classic alphabet are escaped. Ours are all inside it, so that every
    /// scheme holds: the one that was asked for is confirmed, and nothing is said where nothing was asked.
    private static func escaping(_ scheme: String?) -> String {
        guard let scheme, ["allow-utf-8", "underscores", "dots", "values"].contains(scheme) else { return "" }
        return "; escaping=\(scheme)"
    }

    private static func format(of element: AcceptElement) -> ExpositionFormat? {
        let version = element.parameters["version"]
        switch element.value {
        case "application/openmetrics-text": return version == nil || version == "1.0.0" ? .openMetrics : nil
        case "text/plain": return version == nil || version == "0.0.4" ? .text : nil
        case "text/*", "*/*": return .text
        default: return nil
        }
    }

    /// True when gzip is acceptable and not less welcome than the plain body.
    private static func acceptsGzip(_ field: String) -> Bool {
        let elements = AcceptElement.parse(field)
        func quality(_ names: Set<String>) -> Double? { elements.first { names.contains($0.value) }?.quality }
        let gzip = quality(["gzip", "x-gzip"]) ?? quality(["*"]) ?? 0
        return gzip > 0 && gzip >= quality(["identity"]) ?? 0
    }
}
