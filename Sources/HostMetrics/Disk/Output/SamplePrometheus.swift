import Base
import Telemetry

/// Samples in the text format of Prometheus, with the names that the component exposes: a file for the textfile
/// collector of node_exporter reads like a scrape of `apus run`.
package enum SamplePrometheus {
    package static func document(_ samples: [MountSample]) -> String {
        let registry = MetricsRegistry()
        var metrics = DiskMetrics(registry: registry)
        metrics.record(samples)
        let page = registry.expose(accept: nil, acceptEncoding: nil, now: SystemTime().now())
        return String(decoding: page.bytes, as: UTF8.self)
    }
}
