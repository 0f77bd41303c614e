package import Base
package import Settings

/// Trying again. Only requests of idempotent methods (RFC 9110, section 9.2.2) are tried again once the upstream may
/// have seen them, and only while nothing of an answer has gone to the client.
package struct RouteRetrySettings: SettingsGroup {
    package var attempts = 1
    package var on: [FailureCondition] = [.connectFailure, .refusedStream, .reset]
    package var perTryTimeout: Duration?
    package var initialBackoff = Duration.milliseconds(25)
    package var maxBackoff = Duration.milliseconds(250)
    package var maxRetryAfter = Duration.zero
    package var budget = RetryBudgetSettings()
    package var bodyLimit = ByteCount.kibibytes(64)
    package var nonIdempotent = false
    package var sameHost = false

    package init() {}

    package static var fields: [SettingsField<Self>] { conditions + pace }

    private static var conditions: [SettingsField<Self>] {
        [
            SettingsField(
                "attempts", \.attempts, .integer(in: 0...20),
                "How often a request is tried again at most, as in Istio and Traefik: 2 means up to three tries."),
            SettingsField(
                "on", \.on, .oneOrMany(of: .condition(of: FailureCondition.ofTries), count: 0...32),
                "What is tried again: 5xx (answers from 500 on and no answer at all), gateway-error (502, 503, 504), "
                    + "connect-failure, reset (the connection broke before an answer), refused-stream, "
                    + "retriable-4xx (409), "
                    + "timeout, per-try-timeout, or status codes."),
            SettingsField(
                "perTryTimeout", \.perTryTimeout, .duration(in: .milliseconds(1) ... .seconds(86_400)),
                "The same as timeouts.perTry."),
            SettingsField(
                "nonIdempotent", \.nonIdempotent, .bool,
                "Tries POST, PATCH and the like again, too, although the upstream may have carried them out."),
            SettingsField(
                "bodyLimit", \.bodyLimit, .byteCount(in: ByteCount(0)...ByteCount.mebibytes(64)),
                "A request's body is kept for another try up to this size; a longer one is tried once."),
            SettingsField(
                "sameHost", \.sameHost, .bool, "Whether a retry may go to a server that has failed the request already."
            ),
        ]
    }

    private static var pace: [SettingsField<Self>] {
        [
            SettingsField(
                "initialBackoff", \.initialBackoff, .duration(in: .zero ... .seconds(60)),
                "Retry n waits a random time below this times 2^n - 1, as Envoy does."),
            SettingsField("maxBackoff", \.maxBackoff, .duration(in: .zero ... .seconds(600)), "No wait is longer."),
            SettingsField(
                "maxRetryAfter", \.maxRetryAfter, .duration(in: .zero ... .seconds(600)),
                "The longest Retry-After of an upstream that is waited for; a longer one ends the tries, 0s heeds none."
            ),
            SettingsField("budget", \.budget, .group(), "How many retries there may be beside the requests under way."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if maxBackoff < initialBackoff {
            complaints.error(at: \Self.maxBackoff, "must not be shorter than initialBackoff")
        }
        if attempts > 0, on.isEmpty { complaints.error(at: \Self.on, "names nothing that attempts could be for") }
        if attempts == 0 { complaints.warning(at: \Self.attempts, "0 never tries again: leave retry out") }
        if Set(on).count != on.count { complaints.warning(at: \Self.on, "names a condition twice") }
    }
}

/// Envoy's retry budget: retries may be a share of the requests under way, and always a few.
package struct RetryBudgetSettings: SettingsGroup {
    package var percent = 20.0
    package var minimum = 3

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "percent", \.percent, .number(in: 0...100),
                "Retries at a time, in percent of the requests under way in this route; 100 for no such limit."),
            SettingsField(
                "minimum", \.minimum, .integer(in: 0...100_000), "Retries at a time that are allowed all the same."),
        ]
    }
}
