/// Samples as JSON, for `apus disk --output json` and for reports. One object for each mount, with exactly these keys:
///
///     mount, device, type              strings
///     sizeBytes, usedBytes, availableBytes   integers, null without figures
///     usePercent, inodesUsePercent     integers as `df` shows them, null where `df` shows `-`
///     readOnly                         true or false
///     error                            null, or why there are no figures (`timed out`)
package enum SampleJSON {
    /// An array with a line for each mount, so that `diff` and `grep` are of use.
    package static func document(_ samples: [MountSample]) -> [UInt8] {
        guard !samples.isEmpty else { return Array("[]\n".utf8) }
        var result = Array("[\n".utf8)
        for (index, sample) in samples.enumerated() {
            var text = JSONText()
            append(sample, to: &text)
            result += Array("  ".utf8) + text.bytes
            result += Array((index == samples.count - 1 ? "\n" : ",\n").utf8)
        }
        return result + Array("]\n".utf8)
    }

    static func append(_ sample: MountSample, to text: inout JSONText) {
        let figures = sample.figures
        text.object { object in
            object.key("mount", sample.mount.mountPoint.description)
            object.key("device", sample.mount.source.description)
            object.key("type", sample.mount.type)
            object.key("sizeBytes", figures?.sizeBytes)
            object.key("usedBytes", figures?.usedBytes)
            object.key("availableBytes", figures?.availableBytes)
            object.key("usePercent", figures?.usePercent)
            object.key("inodesUsePercent", figures?.inodesUsePercent)
            object.key("readOnly", sample.mount.isReadOnly)
            object.key("error", sample.error?.description)
        }
    }
}
