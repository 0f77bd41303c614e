import Base

/// The time of a signature: `20130524T000000Z` (ISO 8601, basic form, UTC) and its day.
struct SigningDate {
    let timestamp: String
    /// `20130524`
    let day: String

    init(_ now: WallInstant) {
        let text = now.rfc3339
        let whole = text.prefix(19).filter { $0 != "-" && $0 != ":" }
        timestamp = whole + "Z"
        day = String(whole.prefix(8))
    }
}
