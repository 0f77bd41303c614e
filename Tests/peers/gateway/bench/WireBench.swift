import Glibc
import HTTPWire

/// Nanoseconds of processor time that a head takes to read, the best of many short runs: other load on the machine does not
/// count.
@main struct WireBench {
    static func main() {
        request(
            "GET /assets/app/main.js?v=20260101 HTTP/1.1\r\nHost: www.example.com\r\n"
                + "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
                + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n"
                + "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n"
                + "Referer: https://www.example.com/\r\nConnection: keep-alive\r\n"
                + "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n")
        request("GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n")
        response(
            "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 28 Nov 2026 21:00:00 GMT\r\n"
                + "Content-Type: text/plain\r\nContent-Length: 100\r\nLast-Modified: Sat, 28 Nov 2026 20:00:00 GMT\r\n"
                + "Connection: keep-alive\r\nETag: \"674912-64\"\r\nAccept-Ranges: bytes\r\n\r\n")
    }

    private static func request(_ text: String) {
        var head = RequestHead()
        let limits = HeadLimits()
        Array(text.utf8).withUnsafeBytes { bytes in
            measure("request", bytes) {
                var scanned = 0
                return head.parse(bytes, scanned: &scanned, limits: limits)
            }
        }
    }

    private static func response(_ text: String) {
        var head = ResponseHead()
        let limits = HeadLimits()
        Array(text.utf8).withUnsafeBytes { bytes in
            measure("response", bytes) {
                var scanned = 0
                return head.parse(bytes, scanned: &scanned, limits: limits, answering: .get)
            }
        }
    }

    private static func measure(_ name: String, _ bytes: UnsafeRawBufferPointer, _ parse: () -> HeadProgress) {
        let rounds = 20_000
        var best = Double.infinity
        for _ in 0..<60 {
            let start = processorTime()
            for _ in 0..<rounds { precondition(parse() == .complete(count: bytes.count)) }
            best = min(best, (processorTime() - start) / Double(rounds))
        }
        let fields = bytes.filter { $0 == 10 }.count - 2
        print("\(name) of \(fields) fields, \(bytes.count) bytes: \(Int(best)) ns")
    }

    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}
