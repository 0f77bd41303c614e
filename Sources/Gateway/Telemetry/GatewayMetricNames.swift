/// Every metric of the gateway. docs/alerts.yaml, docs/dashboards/gateway.json and docs/operations.md are held against this
/// list by a test, and the engine registers its families from it, so a name is written once.
package enum GatewayMetricNames {
    package static let all = requestPath + resilience + upstreams + connectionsAndCache + resilience4j

    // MARK: Requests, as the client sees them

    /// `code` is a class: 1xx, 2xx, 3xx, 4xx, 5xx.
    package static let requests = GatewayMetric(
        .counter, "apus_gateway_requests_total", "Requests that were answered, by class of the status.",
        labels: ["route", "code"])
    package static let requestDuration = GatewayMetric(
        .histogram, "apus_gateway_request_duration_seconds",
        "From the first byte of a request to the last of its answer.", labels: ["route"], unit: "seconds")
    /// `direction` is in or out, as the client's side sees it.
    package static let bytes = GatewayMetric(
        .counter, "apus_gateway_bytes_total", "Bytes from and to clients, heads and framing included.",
        labels: ["direction"])

    package static let accessLogLost = GatewayMetric(
        .counter, "apus_gateway_access_log_lost_total", "Lines that could not be written to the access log.")

    private static let requestPath = [requests, requestDuration, bytes, accessLogLost]

    // MARK: What the policies did

    package static let retries = GatewayMetric(
        .counter, "apus_gateway_retries_total", "Tries after the first, by what the one before ended with.",
        labels: ["route", "reason"])
    package static let retryBudgetExhausted = GatewayMetric(
        .counter, "apus_gateway_retry_budget_exhausted_total",
        "Retries that were not made, because the budget was spent.",
        labels: ["route"])
    package static let degraded = GatewayMetric(
        .counter, "apus_gateway_degraded_total", "Requests that were answered in a degraded mode.",
        labels: ["route", "mode"])
    package static let rateLimited = GatewayMetric(
        .counter, "apus_gateway_rate_limited_total", "Requests above the route's rate limit.", labels: ["route"])
    package static let shed = GatewayMetric(
        .counter, "apus_gateway_shed_total", "Requests that were refused to keep the others served, by priority.",
        labels: ["route", "priority"])
    package static let hedges = GatewayMetric(
        .counter, "apus_gateway_hedges_total",
        "Copies of requests that were sent while the first was slow (sent), and those that answered first (won).",
        labels: ["route", "outcome"])

    /// `to` is the new state.
    package static let breakerChanges = GatewayMetric(
        .counter, "apus_gateway_circuit_breaker_changes_total", "Changes of state of circuit breakers.",
        labels: ["name", "to"])

    private static let resilience = [
        breakerChanges, retries, retryBudgetExhausted, degraded, rateLimited, shed, hedges,
    ]

    // MARK: Upstreams

    package static let upstreamRequests = GatewayMetric(
        .counter, "apus_gateway_upstream_requests_total", "Tries that a host answered, by class of the status.",
        labels: ["upstream", "host", "code"])
    package static let upstreamDuration = GatewayMetric(
        .histogram, "apus_gateway_upstream_duration_seconds", "From a try's start to the last byte of its answer.",
        labels: ["upstream"], unit: "seconds")
    package static let upstreamFailures = GatewayMetric(
        .counter, "apus_gateway_upstream_failures_total", "Tries without a whole answer, by reason.",
        labels: ["upstream", "host", "reason"])
    package static let upstreamHostUp = GatewayMetric(
        .gauge, "apus_gateway_upstream_host_up", "Whether the host's health checks succeed; 1 where there are none.",
        labels: ["upstream", "host"])
    package static let upstreamHostEjected = GatewayMetric(
        .gauge, "apus_gateway_upstream_host_ejected", "Whether the host is ejected as an outlier.",
        labels: ["upstream", "host"])
    package static let ejections = GatewayMetric(
        .counter, "apus_gateway_ejections_total", "Times that a host was ejected as an outlier, by reason.",
        labels: ["upstream", "reason"])
    /// `state` is active or idle.
    package static let poolConnections = GatewayMetric(
        .gauge, "apus_gateway_pool_connections", "Connections to the upstream, by state.",
        labels: ["upstream", "state"])
    package static let poolPending = GatewayMetric(
        .gauge, "apus_gateway_pool_pending", "Requests that wait for a connection to the upstream.",
        labels: ["upstream"])

    private static let upstreams = [
        upstreamRequests, upstreamDuration, upstreamFailures, upstreamHostUp, upstreamHostEjected, ejections,
        poolConnections, poolPending,
    ]

    // MARK: Connections, certificates, cache

    /// `state` is active, parked or upgraded.
    package static let connections = GatewayMetric(
        .gauge, "apus_gateway_connections", "Connections of clients, by state.", labels: ["state"])
    /// Not `connections_total`: OpenMetrics takes the suffix off, and the gauge has that name.
    package static let acceptedConnections = GatewayMetric(
        .counter, "apus_gateway_connections_accepted_total", "Connections that were accepted, by protocol.",
        labels: ["protocol"])
    package static let refused = GatewayMetric(
        .counter, "apus_gateway_refused_total", "Requests and connections that no route saw, by reason.",
        labels: ["reason"])
    package static let certificateExpiry = GatewayMetric(
        .gauge, "apus_gateway_certificate_expiry_timestamp_seconds",
        "When a certificate that is served expires, in seconds since 1970.", labels: ["name"], unit: "seconds")
    /// `result` is what RFC 9211 calls it: hit, miss, stale, revalidated, bypass.
    package static let cacheRequests = GatewayMetric(
        .counter, "apus_gateway_cache_requests_total", "Requests of routes with a cache, by what the cache did.",
        labels: ["route", "result"])
    package static let cacheBytes = GatewayMetric(
        .gauge, "apus_gateway_cache_bytes", "Bytes of the answers in the cache.", unit: "bytes")

    private static let connectionsAndCache = [
        connections, acceptedConnections, refused, certificateExpiry, cacheRequests, cacheBytes,
    ]
}
