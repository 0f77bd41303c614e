package import Base

extension ValueFormat where Value == Duration {
    /// A length of time with its unit: `200ms`, `30s`, `5m`, `1h30m`, `1d`, quoted or not. Units: ns us ms s m h d w (a
    /// day is 24 hours). Default: anything up to 100 years.
    package static func duration(in range: ClosedRange<Duration> = .zero...DurationText.century) -> ValueFormat {
        scalar(
            wanted: "a duration\(DurationText.bounds(range)), such as 200ms, 30s, 5m or 1h30m",
            schema: .object([
                ("type", .array(["string", "integer"])), ("pattern", .string(DurationText.pattern)),
                ("minimum", .number("0")), ("maximum", .number("0")),
            ]),
            render: { value, _ in .text(DurationText.render(value)) },
            parse: { input in
                switch DurationText.read(input.text) {
                case .failure(let objection): objection.clause.map { .because($0) } ?? .wrong
                case .success(let value) where value < range.lowerBound: .because("which is too short")
                case .success(let value) where value > range.upperBound: .because("which is too long")
                case .success(let value): .value(value)
                }
            })
    }
}

extension ValueFormat where Value == ByteCount {
    /// A number of bytes: `512`, `64k`, `100M`, `1.5GiB`. Bare and `iB` units are powers of 1024, `kB MB GB` powers of
    /// 1000, as `ByteCount` says.
    package static func byteCount(in range: ClosedRange<ByteCount> = ByteCount(0)...ByteCount(.max)) -> ValueFormat {
        let bounds = range == ByteCount(0)...ByteCount(.max) ? "" : " from \(range.lowerBound) to \(range.upperBound)"
        return scalar(
            wanted: "a size in bytes\(bounds), such as 512, 64k, 100M or 1.5GiB",
            schema: .object([
                ("type", .array(["string", "integer"])), ("pattern", .string(ByteCountText.pattern)),
                ("minimum", .number("\(range.lowerBound.bytes)")), ("maximum", .number("\(range.upperBound.bytes)")),
            ]),
            render: { value, _ in
                let text = value.description
                return Int64(text) == nil ? .text(text) : .literal(text)
            },
            parse: { input in
                switch ByteCountText.read(input.text) {
                case .failure(let objection): objection.clause.map { .because($0) } ?? .wrong
                case .success(let value) where value < range.lowerBound: .because("which is too small")
                case .success(let value) where value > range.upperBound: .because("which is too large")
                case .success(let value): .value(value)
                }
            })
    }
}

/// Why text is no quantity; the clause follows "found …" in a complaint.
struct QuantityObjection: Error, Equatable {
    let clause: String?
}
