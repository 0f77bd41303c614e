import Base
import HTTPWire

@testable import Gateway

/// A gateway in small: lookup, an origin whose answers the test gives, recording, renewal, invalidation, in the order
/// in which the engine does it. `{now}`, `{now-60}` and `{now+60}` in fields are dates.
final class CacheSimulation {
    struct Outcome {
        /// `hit`, `stale`, `miss`, `renewed`, `replaced`, `bypass`, `504`, with ` stored` behind it when it was.
        var text: String
        /// What the client gets: a head without framing, and the body.
        var head = ""
        var body = ""
        /// The conditions that the origin got.
        var conditions = ""
    }

    var policy = CachePolicy()
    let cache = ResponseCache(maxBytes: 8 << 20, maxObjectBytes: 1 << 20)
    var seconds: Int64 = 1_700_000_000
    /// Until the origin answers.
    var delay = Duration.zero
    var isSecure = false

    var now: MonotonicInstant { MonotonicInstant(nanoseconds: (seconds - 1_699_000_000) * 1_000_000_000) }
    var moment: CacheMoment { CacheMoment(monotonic: now, wall: WallInstant(secondsSince1970: seconds)) }

    /// - Parameters:
    ///   - request: `METHOD path` and field lines.
    ///   - origin: `STATUS` and field lines; nil when it must not be asked.
    func exchange(_ request: [String], origin: [String]?, body: String = "body") -> Outcome {
        withRequest(request) { head, bytes, target in
            let space = WireBuffer(capacity: 64)
            let key = target.key(ignoringQuery: policy.ignoresQuery, in: space)
            let hasBody = head.framing != .none
            switch cache.lookup(key, head, bytes, hasBody: hasBody, now: now) {
            case .hit(let stored): return serve("hit", stored, head, bytes)
            case .staleWhileRevalidate(let stored): return serve("stale", stored, head, bytes)
            case .onlyIfCached: return Outcome(text: "504")
            case .bypass(let why): return forward("bypass:\(why.rawValue)", nil, key, head, bytes, target, origin, body)
            case .miss(let why):
                return forward(why == .varyMiss ? "vary-miss" : "miss", nil, key, head, bytes, target, origin, body)
            case .revalidate(let stored, _):
                return forward("replaced", stored, key, head, bytes, target, origin, body)
            }
        }
    }

    private func serve(
        _ text: String, _ stored: StoredResponse, _ request: RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> Outcome {
        let form = stored.form(for: request, bytes)
        let out = WireBuffer(capacity: 256)
        stored.writeHead(form, age: stored.age(at: now), status: .hit(stored.timeToLive(at: now)), to: out)
        var body = stored.body[...]
        if case .range(let range) = form { body = body[range] }
        if form == .notModified || request.method == .head { body = [] }
        if form == .unsatisfiableRange { return Outcome(text: "416") }
        return Outcome(
            text: text, head: String(decoding: out.readable, as: UTF8.self), body: String(decoding: body, as: UTF8.self)
        )
    }

    private func forward(
        _ text: String, _ asked: StoredResponse?, _ key: CacheKeyView, _ request: RequestHead,
        _ requestBytes: UnsafeRawBufferPointer, _ target: CacheTarget, _ origin: [String]?, _ body: String
    ) -> Outcome {
        guard let origin else { return Outcome(text: "unexpected \(text)") }
        return withResponse(origin, request.method) { head, bytes in
            var outcome = Outcome(text: text, body: body)
            if let asked { outcome.conditions = conditions(of: asked) }
            if let asked, head.status == 304 {
                switch cache.freshen(
                    asked, by: head, bytes, request: request, requestBytes, policy, delay: delay, at: moment)
                {
                case .updated(let stored): outcome = serve("renewed", stored, request, requestBytes)
                case .unstorable(let stored): outcome = serve("renewed not stored", stored, request, requestBytes)
                case .mismatched: outcome.text = "mismatched"
                }
                outcome.conditions = conditions(of: asked)
                return outcome
            }
            if !text.hasPrefix("bypass") || request.method == .get {
                outcome.text += record(key, request, requestBytes, head, bytes, body)
            }
            invalidate(target, request, head, bytes)
            cache.noteHead(
                key, response: head, bytes, request: request, requestBytes, policy, delay: delay, at: moment)
            return outcome
        }
    }

    private func record(
        _ key: CacheKeyView, _ request: RequestHead, _ requestBytes: UnsafeRawBufferPointer, _ head: ResponseHead,
        _ bytes: UnsafeRawBufferPointer, _ body: String
    ) -> String {
        do throws(StorageRefusal) {
            let recorder = try cache.record(
                key, request: request, requestBytes, response: head, bytes, policy, delay: delay, at: moment)
            for byte in body.utf8 { withUnsafeBytes(of: byte) { recorder.append($0) } }
            return recorder.finish() == nil ? " incomplete" : " stored"
        } catch {
            return error == .method ? "" : " \(error.rawValue)"
        }
    }

    private func invalidate(
        _ target: CacheTarget, _ request: RequestHead, _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer
    ) {
        let keys = Invalidation.keys(
            target, method: request.method, status: head.status, response: head, bytes, in: WireBuffer(capacity: 64))
        for key in keys { cache.invalidate(key) }
    }

    func fallback(_ request: [String], _ limit: StaleLimit) -> Bool {
        withRequest(request) { head, bytes, target in
            let space = WireBuffer(capacity: 64)
            let key = target.key(in: space)
            return cache.fallback(key, head, bytes, limit, now: now) != nil
        }
    }

    private func conditions(of stored: StoredResponse) -> String {
        let out = WireBuffer(capacity: 64)
        stored.writeConditions(to: out)
        return String(decoding: out.readable, as: UTF8.self)
    }
}

// MARK: Heads from lines
extension CacheSimulation {
    func withRequest<Result>(
        _ lines: [String], _ body: (RequestHead, UnsafeRawBufferPointer, CacheTarget) -> Result
    ) -> Result {
        let fields = lines.dropFirst().map { dated($0) + "\r\n" }.joined()
        let hasHost = fields.lowercased().hasPrefix("host:")
        let text = "\(lines[0]) HTTP/1.1\r\n\(hasHost ? "" : "Host: example.com\r\n")\(fields)\r\n"
        return Array(text.utf8).withUnsafeBytes { bytes in
            var head = RequestHead()
            var scanned = 0
            let progress = head.parse(bytes, scanned: &scanned, limits: HeadLimits())
            guard case .complete = progress else { preconditionFailure("the test's request is none: \(text)") }
            let query = head.hasQuery ? head.query.bytes(in: bytes) : nil
            let target = CacheTarget(
                isSecure: isSecure, authority: head.authority.bytes(in: bytes), path: head.path.bytes(in: bytes),
                query: query)
            return body(head, bytes, target)
        }
    }

    func withResponse<Result>(
        _ lines: [String], _ method: Method, _ body: (ResponseHead, UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let fields = lines.dropFirst().filter { !$0.isEmpty }.map { dated($0) + "\r\n" }.joined()
        let hasDate = lines.contains { $0.lowercased().hasPrefix("date:") || $0 == "" }
        let text = "HTTP/1.1 \(lines[0]) OK\r\n\(hasDate ? "" : dated("Date: {now}") + "\r\n")\(fields)\r\n"
        return Array(text.utf8).withUnsafeBytes { bytes in
            var head = ResponseHead()
            var scanned = 0
            let progress = head.parse(bytes, scanned: &scanned, limits: HeadLimits(), answering: method)
            guard case .complete = progress else { preconditionFailure("the test's response is none: \(text)") }
            return body(head, bytes)
        }
    }

    func dated(_ line: String) -> String {
        guard let start = line.firstIndex(of: "{"), let end = line.firstIndex(of: "}") else { return line }
        let offset = Int64(line[line.index(start, offsetBy: 4)..<end]) ?? 0
        var date: [UInt8] = []
        FieldDate.write(WallInstant(secondsSince1970: seconds + offset), to: &date)
        return dated(line[..<start] + String(decoding: date, as: UTF8.self) + line[line.index(after: end)...])
    }
}
