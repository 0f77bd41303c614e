package import Base
import Resilience
import Settings

/// Posts one report and says what came of it.
package struct ReportSender: Sendable {
    private let settings: ReportSettings
    private let url: String
    private let http: any HTTPSender
    private let time: any TimeSource

    /// Nil where no receiver is configured.
    package init?(_ settings: ReportSettings?, http: any HTTPSender, time: any TimeSource) {
        guard let settings, let url = settings.url else { return nil }
        self.settings = settings
        self.url = url.reveal()
        self.http = http
        self.time = time
    }

    package struct Result: Sendable {
        package let answer: Reporter.Answer
        /// For the log; holds no secret.
        package let failure: String?
        /// For traces, by the semantic conventions: the status code or the error's code, from a small set; nil after
        /// success.
        package let errorType: String?
    }

    package func send(_ report: Report) async -> Result {
        var headers: [(name: String, value: String)] = [
            ("Content-Type", "application/json"), ("User-Agent", "\(Version.name)/\(Version.number)"),
        ]
        for (name, value) in settings.headers { headers.append((name, value.reveal())) }
        let request = OutgoingRequest(url: url, headers: headers, body: report.body, timeout: settings.timeout)
        do {
            let response = try await http.send(request)
            let retryAfter = response.header("Retry-After").flatMap { RetryAfter.parse($0, wallNow: time.wallNow()) }
            let isGood = (200..<300).contains(response.status)
            return Result(
                answer: .status(response.status, retryAfter: retryAfter),
                failure: isGood ? nil : "the receiver answered \(response.status)",
                errorType: isGood ? nil : "\(response.status)")
        } catch is CancellationError {
            return Result(answer: .cancelled, failure: nil, errorType: "cancelled")
        } catch let error as ApusError {
            return Result(
                answer: .failed(canRetry: error.canRetry), failure: error.description, errorType: error.code)
        } catch {
            return Result(answer: .failed(canRetry: true), failure: "\(error)", errorType: "_OTHER")
        }
    }
}
