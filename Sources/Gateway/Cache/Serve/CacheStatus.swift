package import HTTPWire

/// One member of Cache-Status (RFC 9211): what this cache did with the request.
package struct CacheStatus: Sendable {
    /// Why a request went on (section 2.2).
    package enum Forward: String, Sendable, CaseIterable {
        case bypass, method, request, stale
        case uriMiss = "uri-miss"
        case varyMiss = "vary-miss"
    }

    /// nil for a hit.
    package var forward: Forward?
    /// Of the origin's answer, where it is not that of the response.
    package var forwardStatus: Int?
    /// What was left of freshness, negative when it was stale.
    package var timeToLive: Duration?
    /// The answer is being stored.
    package var isStored = false
    /// It waited for another request's answer.
    package var isCollapsed = false
    /// Why it was not stored.
    package var refusal: StorageRefusal?

    package init(forward: Forward? = nil, timeToLive: Duration? = nil) {
        self.forward = forward
        self.timeToLive = timeToLive
    }

    package static func hit(_ timeToLive: Duration) -> CacheStatus { CacheStatus(timeToLive: timeToLive) }

    /// The field line. No string is made.
    package func write(to out: WireBuffer) {
        out.append("cache-status: apus; ")
        if let forward { write(forward, to: out) } else { out.append("hit") }
        if let forwardStatus {
            out.append("; fwd-status=")
            out.append(decimal: UInt64(max(0, forwardStatus)))
        }
        if let timeToLive {
            out.append(timeToLive < .zero ? "; ttl=-" : "; ttl=")
            out.append(decimal: timeToLive.components.seconds.magnitude)
        }
        if isStored { out.append("; stored") }
        if isCollapsed { out.append("; collapsed") }
        if let refusal {
            out.append("; detail=")
            out.append(refusal.rawValue)
        }
        out.append("\r\n")
    }

    private func write(_ forward: Forward, to out: WireBuffer) {
        out.append("fwd=")
        out.append(forward.rawValue)
    }
}
