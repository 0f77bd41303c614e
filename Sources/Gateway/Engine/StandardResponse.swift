import Base
import HTTPWire
import Reactor

/// The gateway's own short answers: a status with one line of text that says it.
enum StandardResponse {
    private static let bodies: [Int: [UInt8]] = {
        var bodies: [Int: [UInt8]] = [:]
        for (status, reason) in reasons { bodies[status] = Array("\(status) \(reason)\n".utf8) }
        return bodies
    }()

    static let reasons: [Int: String] = [
        200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
        307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
        403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
        413: "Content Too Large", 414: "URI Too Long", 417: "Expectation Failed", 421: "Misdirected Request",
        429: "Too Many Requests", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
        501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
        505: "HTTP Version Not Supported",
    ]

    /// The body for `status`; it lives as long as the process.
    static func body(_ status: Int) -> [UInt8] {
        bodies[status] ?? Array("\(status)\n".utf8)
    }

    /// A head without framing and final CRLF.
    static func writeHead(
        _ status: Int, contentType: [UInt8] = Array("text/plain; charset=utf-8".utf8), retryAfter: Duration? = nil,
        to out: WireBuffer, worker: Worker
    ) {
        writeStatus(status, to: out)
        out.append(worker.plan.serverField)
        worker.clock.writeDate(to: out, now: worker.reactor.now)
        out.append("content-type: ")
        out.append(contentType)
        out.append("\r\n")
        if let retryAfter { write(retryAfter: retryAfter, to: out) }
    }

    /// In whole seconds, one at least.
    static func write(retryAfter: Duration, to out: WireBuffer) {
        out.append("retry-after: ")
        out.append(decimal: UInt64(max(1, retryAfter.inSeconds.rounded(.up))))
        out.append("\r\n")
    }

    static func writeStatus(_ status: Int, to out: WireBuffer) {
        out.append("HTTP/1.1 ")
        out.append(decimal: UInt64(status))
        out.append(UInt8(ascii: " "))
        if let reason = reasons[status] { out.append(reason) }
        out.append("\r\n")
    }

    /// Everything, for what was no request: the connection closes.
    static func writeWhole(_ status: Int, to out: WireBuffer, worker: Worker) {
        let body = body(status)
        writeHead(status, to: out, worker: worker)
        out.append("connection: close\r\ncontent-length: ")
        out.append(decimal: UInt64(body.count))
        out.append("\r\n\r\n")
        out.append(body)
    }
}
