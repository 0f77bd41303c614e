// The one importer of async-http-client and of the TLS beneath it. Everything that leaves by HTTP goes through here, so that
// time-outs, body limits, trust roots and error words are the same for every part.

import AsyncHTTPClient
package import Base
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends requests by HTTP/1.1 or HTTP/2 with pooled connections; safe to share, `shutdown()` once at the end.
package final class HTTPTransport: HTTPSender {
    /// No answer of a collector, a webhook or a report receiver is read further than this.
    package static let responseBodyLimit = 64 << 10

    private let client: HTTPClient
    private let responseBodyLimit: Int

    /// Not traced by the library: its spans carry the whole URL, in which a secret may stand. Those who send make spans of
    /// their own.
    ///
    /// - Parameter responseBodyLimit: Bytes of an answer that are read; what follows is dropped.
    package convenience init(
        connectTimeout: Duration = .seconds(5), responseBodyLimit: Int = HTTPTransport.responseBodyLimit
    ) {
        self.init(connectTimeout, responseBodyLimit, roots: nil)
    }

    /// For servers whose certificates an authority of one's own has signed: it is trusted beside those of the system.
    ///
    /// - Parameter authorityFile: Certificates in PEM.
    /// - Throws: `ApusError` `certificate-unreadable`.
    package convenience init(
        connectTimeout: Duration = .seconds(5), responseBodyLimit: Int = HTTPTransport.responseBodyLimit,
        authorityFile: String
    ) throws(ApusError) {
        let pem = try Files.read(authorityFile, limit: 4 << 20)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(pem), !certificates.isEmpty else {
            throw ApusError(
                code: "certificate-unreadable", "\(authorityFile) holds no certificate in PEM", kind: .declaration)
        }
        self.init(connectTimeout, responseBodyLimit, roots: certificates)
    }

    private init(_ connectTimeout: Duration, _ responseBodyLimit: Int, roots: [NIOSSLCertificate]?) {
        self.responseBodyLimit = responseBodyLimit
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .nanoseconds(connectTimeout.wholeNanoseconds)
        configuration.connectionPool.idleTimeout = .seconds(60)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 8
        configuration.decompression = .disabled
        configuration.tracing.tracer = nil
        // Whoever sends decides about another attempt; a refused connection is told at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let roots {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.additionalTrustRoots = [.certificates(roots)]
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
    }

    /// Whoever fails on the way to its `shutdown()` leaves nothing behind, either: the client would stop the process.
    deinit { client.shutdown { _ in } }

    package func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = HTTPMethod(rawValue: request.method)
        for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
        outgoing.body = BodySlices.body(request.body)
        do {
            let deadline = NIODeadline.now() + .nanoseconds(request.timeout.wholeNanoseconds)
            let response = try await client.execute(outgoing, deadline: deadline)
            let (body, isCut) = try await prefix(of: response.body)
            return IncomingResponse(
                status: Int(response.status.code),
                headers: response.headers.map { (name: $0.name, value: $0.value) }, body: body, isCut: isCut)
        } catch let error as CancellationError {
            throw error
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw HTTPTransport.operatorError(error, request)
        }
    }

    /// Closes the pooled connections. A request after it fails.
    package func shutdown() async {
        try? await client.shutdown()
    }

    private func prefix(of body: HTTPClientResponse.Body) async throws -> (bytes: [UInt8], isCut: Bool) {
        var bytes = [UInt8]()
        for try await chunk in body {
            let room = responseBodyLimit - bytes.count
            bytes.append(contentsOf: chunk.readableBytesView.prefix(room))
            if chunk.readableBytes > room { return (bytes, true) }
        }
        return (bytes, false)
    }

    /// The library's errors in the operator's words. The URL stays out of them: its query may hold a token.
    private static func operatorError(_ error: any Error, _ request: OutgoingRequest) -> ApusError {
        let place = HTTPTransport.place(of: request.url)
        switch error {
        case let error as HTTPClientError where isTimeout(error):
            return ApusError(
                code: "timed-out", "no complete answer within \(request.timeout.inSeconds) s", canRetry: true)
        case let error as HTTPClientError where isMalformed(error):
            return ApusError(code: "request-invalid", "the request cannot be sent", kind: .declaration, cause: error)
        case let error as HTTPClientError:
            return ApusError(code: "connection-lost", "the connection ended early", canRetry: true, cause: error)
        case HTTPParserError.invalidEOFState:
            // The body is shorter than its length says.
            return ApusError(code: "connection-lost", "the connection ended early", canRetry: true, cause: error)
        case let error as NIOSSLError:
            return ApusError(code: "tls-failed", "the TLS handshake failed", canRetry: false, cause: error)
        case let error as NIOConnectionError:
            return ApusError(
                code: "connect-failed", "cannot connect to \(error.host):\(error.port)", canRetry: true,
                cause: firstReason(error))
        case let error as IOError:
            return ApusError(
                code: "connect-failed", "cannot connect to \(place)", canRetry: true,
                cause: ApusError(code: "system", Files.reason(error.errnoCode)))
        default:
            return ApusError(code: "connect-failed", "the request to \(place) failed", canRetry: true, cause: error)
        }
    }

    /// `host:port` of a URL, without the user information before it and the path behind it, which may be secret.
    private static func place(of url: String) -> String {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return String(authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority)
    }

    private static func isTimeout(_ error: HTTPClientError) -> Bool {
        [
            .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout, .tlsHandshakeTimeout,
            .getConnectionFromPoolTimeout,
        ].contains(error)
    }

    private static func isMalformed(_ error: HTTPClientError) -> Bool {
        [.invalidURL, .emptyHost, .emptyScheme, .missingSocketPath].contains(error)
            || error.description.contains("unsupportedScheme") || error.description.contains("invalidHeaderField")
    }

    private static func firstReason(_ error: NIOConnectionError) -> (any Error)? {
        error.connectionErrors.first?.error ?? error.dnsAError ?? error.dnsAAAAError
    }
}
