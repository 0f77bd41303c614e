package import Base
package import Resilience
package import Settings

/// Where samples are posted and how hard we try.
package struct ReportSettings: SettingsGroup {
    package var url: HTTPURL?
    package var timeout = Duration.seconds(5)
    package var headers = OrderedMap<Secret>()
    package var retry = RetrySettings(
        RetryPolicy(maxAttempts: 10, initialBackoff: .milliseconds(500), maxBackoff: .seconds(60)))
    package var circuitBreaker = CircuitBreakerSettings(
        CircuitBreakerPolicy(
            slidingWindowSize: 20, minimumNumberOfCalls: 5, waitDurationInOpenState: .seconds(30),
            permittedNumberOfCallsInHalfOpenState: 2))
    package var queue = QueueSettings()

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("url", \.url, .url, "Where each sample is posted as JSON.", required: true),
            SettingsField(
                "timeout", \.timeout, .duration(in: .milliseconds(10) ... .seconds(300)),
                "Bounds one post, from connecting to the end of the answer."),
            SettingsField(
                "headers", \.headers, .map(of: .secret, count: 0...32), "Header fields, such as Authorization."),
            SettingsField(
                "retry", \.retry, .group(), "When a post fails; 4xx answers other than 429 are not repeated."),
            SettingsField("circuitBreaker", \.circuitBreaker, .group(), "When to leave a failing receiver alone."),
            SettingsField(
                "queue", \.queue, .group(), "What is kept while the receiver is away; the oldest goes first."),
        ]
    }
}

extension ReportSettings {
    /// What the client writes itself; a second one would break the framing of the request (RFC 9112, section 6.3).
    private static let reserved: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "content-type",
    ]

    package func check(_ complaints: inout SettingsChecker) {
        for (name, value) in headers {
            if !ReportSettings.isToken(name) {
                complaints.error(at: \Self.headers, "a header's name is letters, digits and !#$%&'*+-.^_`|~")
            } else if ReportSettings.reserved.contains(name.lowercased()) {
                complaints.error(at: \Self.headers, "\(name) is written by apus itself")
            }
            if value.reveal().utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
                complaints.error(at: \Self.headers, "a header's value holds no control characters")
            }
        }
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }
}

/// The bounds of the queue of reports.
package struct QueueSettings: SettingsGroup {
    package var items = 240
    package var bytes = ByteCount.mebibytes(8)

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("items", \.items, .integer(in: 1...100_000), "Reports kept at most."),
            SettingsField(
                "bytes", \.bytes, .byteCount(in: .kibibytes(64) ... .gibibytes(1)), "Bytes of reports kept at most."),
        ]
    }
}
