import Base
import FoundationEssentials

/// What Alertmanager posts to a webhook (its documentation, "webhook_config"; version 4): one group of alerts. Fields that
/// decide nothing here are not read.
struct AlertmanagerWebhook: Decodable, Sendable {
    struct Alert: Decodable, Sendable {
        let status: String?
        let labels: [String: String]?
        /// RFC 3339; when it began to fire.
        let startsAt: String?

        var began: WallInstant? { startsAt.flatMap(WallInstant.init(alertTime:)) }
    }

    /// More is refused unread. A group of a thousand alerts has about half of it.
    static let sizeLimit = 1 << 20

    let version: String
    /// `firing` while at least one alert of the group fires, else `resolved`.
    let status: String
    let alerts: [Alert]

    /// - Throws: `WebhookRefused` for what is not such a body.
    static func read(_ body: [UInt8]) throws(WebhookRefused) -> AlertmanagerWebhook {
        let webhook: AlertmanagerWebhook
        do {
            webhook = try JSONDecoder().decode(AlertmanagerWebhook.self, from: Data(body))
        } catch {
            throw WebhookRefused("wanted no body, or Alertmanager's webhook of version 4 as JSON")
        }
        guard webhook.version == "4" else {
            throw WebhookRefused("wanted Alertmanager's webhook of version 4, not of another version")
        }
        guard webhook.status == "firing" || webhook.status == "resolved" else {
            throw WebhookRefused("status: wanted firing or resolved")
        }
        return webhook
    }

    /// The alert that a rollback is for: it fires, it has all those labels, and of these it began last, or does not say
    /// when. Nil where none is.
    func trigger(labels: [String: String]) -> Alert? {
        guard status == "firing" else { return nil }
        return
            alerts
            .filter { alert in
                alert.status ?? "firing" == "firing" && labels.allSatisfy { alert.labels?[$0.key] == $0.value }
            }
            .max { ($0.began?.nanosecondsSince1970 ?? .max) < ($1.began?.nanosecondsSince1970 ?? .max) }
    }
}

struct WebhookRefused: Error, Equatable {
    let why: String
    init(_ why: String) { self.why = why }
}

extension WallInstant {
    /// `2026-11-28T21:15:53.123456789Z` or with `+01:00`, as Go writes RFC 3339. Nil for anything else, and for years outside
    /// 1970 to 2261: Go's zero time says that it is not known.
    init?(alertTime text: String) {
        var rest = Array(text.utf8)[...]
        guard let year = WallInstant.number(4, &rest, then: "-"), let month = WallInstant.number(2, &rest, then: "-"),
            let day = WallInstant.number(2, &rest, then: "T"), let hour = WallInstant.number(2, &rest, then: ":"),
            let minute = WallInstant.number(2, &rest, then: ":"), let second = WallInstant.number(2, &rest, then: nil),
            (1970...2261).contains(year), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second <= 60, let fraction = WallInstant.fraction(&rest), let offset = WallInstant.offset(&rest),
            rest.isEmpty
        else { return nil }
        let days = WallInstant.days(year, month, day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(nanosecondsSince1970: seconds * 1_000_000_000 + fraction)
    }

    private static func number(_ digits: Int, _ rest: inout ArraySlice<UInt8>, then end: Character?) -> Int64? {
        let text = rest.prefix(digits)
        guard text.count == digits, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        rest = rest.dropFirst(digits)
        if let end {
            guard rest.first == end.asciiValue else { return nil }
            rest = rest.dropFirst()
        }
        return text.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// Up to nine digits after a point, in nanoseconds; 0 where there is no point.
    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard rest.first == UInt8(ascii: ".") else { return 0 }
        let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
        guard (1...9).contains(digits.count) else { return nil }
        rest = rest.dropFirst(1 + digits.count)
        let value = digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        return (digits.count..<9).reduce(value) { value, _ in value * 10 }
    }

    /// Seconds east of Greenwich.
    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard let sign = rest.first else { return nil }
        rest = rest.dropFirst()
        if sign == UInt8(ascii: "Z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hour = number(2, &rest, then: ":"),
            let minute = number(2, &rest, then: nil), hour < 24, minute < 60
        else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hour * 3600 + minute * 60)
    }

    /// Days since 1970 of a day of the Gregorian calendar, with years that begin in March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
