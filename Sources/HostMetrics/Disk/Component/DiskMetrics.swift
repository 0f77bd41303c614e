import Base
package import Telemetry

/// The series of each mount. A mount that is gone takes its series with it, and one that gives no figures keeps only
/// `apus_disk_device_error`, `apus_disk_read_only` and the duration: a number that stands still would look like a
/// healthy disk.
package struct DiskMetrics: Sendable {
    private let size: GaugeFamily
    private let free: GaugeFamily
    private let available: GaugeFamily
    private let usedRatio: GaugeFamily
    private let inodes: GaugeFamily
    private let inodesFree: GaugeFamily
    private let readOnly: GaugeFamily
    private let deviceError: GaugeFamily
    private let duration: GaugeFamily
    private var known: Set<[String]> = []

    package init(registry: MetricsRegistry) {
        func gauge(_ name: String, _ help: String, unit: String? = nil) -> GaugeFamily {
            registry.gauge("apus_disk_\(name)", help: help, labels: ["mount", "device", "fstype"], unit: unit)
        }
        size = gauge("size_bytes", "Size of the file system.", unit: "bytes")
        free = gauge("free_bytes", "Free bytes, with those reserved for root.", unit: "bytes")
        available = gauge("available_bytes", "Bytes available to users without privilege.", unit: "bytes")
        usedRatio = gauge("used_ratio", "Used share, from 0 to 1, as df computes its Use%.", unit: "ratio")
        inodes = gauge("inodes", "Inodes of the file system; absent where their number is not fixed.")
        inodesFree = gauge("inodes_free", "Free inodes; absent where their number is not fixed.")
        readOnly = gauge("read_only", "1 where nobody can write: by a mount option or after an error.")
        deviceError = gauge("device_error", "1 where the last sample brought no figures.")
        duration = gauge("sample_duration_seconds", "How long the last sample took.", unit: "seconds")
    }

    /// Takes one sample of all mounts.
    package mutating func record(_ samples: [MountSample]) {
        var seen: Set<[String]> = []
        for sample in samples where sample.outcome != .skipped && sample.error != .overMounted {
            let labels = DiskMetrics.labels(sample.mount)
            seen.insert(labels)
            readOnly.with(values: labels).set(sample.mount.isReadOnly ? 1 : 0)
            deviceError.with(values: labels).set(sample.error == nil ? 0 : 1)
            duration.with(values: labels).set(sample.duration.inSeconds)
            record(sample.figures, labels)
        }
        for labels in known.subtracting(seen) { remove(labels) }
        known = seen
    }

    /// Takes all series away.
    package mutating func removeAll() {
        record([])
    }

    private func record(_ figures: FileSystemFigures?, _ labels: [String]) {
        set(size, figures.map { Double($0.sizeBytes) }, labels)
        set(free, figures.map { Double($0.freeBytes) }, labels)
        set(available, figures.map { Double($0.availableBytes) }, labels)
        set(usedRatio, figures?.usedRatio, labels)
        let counted = figures.flatMap { $0.inodes > 0 ? $0 : nil }
        set(inodes, counted.map { Double($0.inodes) }, labels)
        set(inodesFree, counted.map { Double($0.freeInodes) }, labels)
    }

    private func set(_ family: GaugeFamily, _ value: Double?, _ labels: [String]) {
        if let value {
            family.with(values: labels).set(value)
        } else {
            family.remove(values: labels)
        }
    }

    private func remove(_ labels: [String]) {
        for family in [size, free, available, usedRatio, inodes, inodesFree, readOnly, deviceError, duration] {
            family.remove(values: labels)
        }
    }

    static func labels(_ mount: Mount) -> [String] {
        [mount.mountPoint.description, mount.source.description, mount.type]
    }
}
