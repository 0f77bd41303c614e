/// One outgoing HTTP request with its whole body in memory.
package struct OutgoingRequest: Sendable {
    package var method: String
    package var url: String
    /// Header fields in order. A value that is a secret is revealed by the caller here and nowhere earlier.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Bounds the whole exchange: connecting, TLS, sending, and the last byte of the answer.
    package var timeout: Duration

    package init(
        method: String = "POST", url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        timeout: Duration
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// The answer to an `OutgoingRequest`; the body is cut at the sender's limit, since nobody reads more of an error page.
package struct IncomingResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Whether there was more than the sender's limit lets through. An answer that ended before its `Content-Length` is an
    /// error and never gets here.
    package var isCut: Bool

    package init(
        status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [], isCut: Bool = false
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.isCut = isCut
    }

    /// The first field of that name, compared without case (RFC 9110, section 5.1).
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// The seam for outgoing HTTP: `HTTPTransport` performs it, tests answer from a script.
package protocol HTTPSender: Sendable {
    /// Sends once, without any retry. Any status is an answer, not an error.
    ///
    /// - Throws: `ApusError` with `canRetry` true for connection failures and time-outs, false for a malformed URL or a
    ///   certificate that is not trusted; `CancellationError` when the task is cancelled.
    func send(_ request: OutgoingRequest) async throws -> IncomingResponse
}
