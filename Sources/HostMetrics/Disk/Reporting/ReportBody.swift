import Base

/// The bytes of one report:
///
///     { "host": "web-1", "time": "2026-11-23T07:00:00.000Z", "version": "0.1.0",
///       "mounts": [ … as `apus disk --output json` … ],
///       "alerts": [ { "rule", "severity", "status": "firing" or "resolved", "metric", "mount", "device", "value" } ] }
///
/// `alerts` holds what started or stopped with this sample, not what goes on.
enum ReportBody {
    static func encode(host: String, time: WallInstant, samples: [MountSample], alerts: [AlertChange]) -> [UInt8] {
        var text = JSONText()
        text.object { object in
            object.key("host", host)
            object.key("time", time.rfc3339)
            object.key("version", Version.number)
            object.key("mounts") {
                $0.array { array in for sample in samples { SampleJSON.append(sample, to: &array) } }
            }
            object.key("alerts") { $0.array { array in for alert in alerts { append(alert, to: &array) } } }
        }
        return text.bytes
    }

    private static func append(_ alert: AlertChange, to text: inout JSONText) {
        text.object { object in
            object.key("rule", alert.rule)
            object.key("severity", alert.severity.rawValue)
            object.key("status", alert.status.rawValue)
            object.key("metric", alert.metric.rawValue)
            object.key("mount", alert.mount)
            object.key("device", alert.device)
            object.key("value", alert.value)
        }
    }
}
