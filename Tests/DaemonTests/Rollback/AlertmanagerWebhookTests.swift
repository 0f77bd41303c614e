import Base
import TestKit
import Testing

@testable import Daemon

@Suite struct AlertmanagerWebhookTests {
    /// As Alertmanager 0.25.0 sent it.
    static let real = #"""
        {"receiver":"hook","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"GatewayErrors",\#
        "apus_rollback":"true","route":"/","severity":"critical"},"annotations":{"summary":"x"},\#
        "startsAt":"2026-11-28T21:28:43.990322729Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"",\#
        "fingerprint":"8afc02e5bbfc1be1"}],"groupLabels":{"alertname":"GatewayErrors"},"commonLabels":\#
        {"alertname":"GatewayErrors","apus_rollback":"true","route":"/","severity":"critical"},"commonAnnotations":\#
        {"summary":"x"},"externalURL":"http://vm:19980","version":"4","groupKey":\#
        "{}:{alertname=\"GatewayErrors\"}","truncatedAlerts":0}
        """#

    private static func body(_ status: String, _ alerts: String...) -> String {
        #"{"version":"4","status":"\#(status)","alerts":[\#(alerts.joined(separator: ","))]}"#
    }

    private static func alert(_ name: String, _ status: String = "firing", labels: String = "", at: String = "")
        -> String
    {
        #"{"status":"\#(status)","labels":{"alertname":"\#(name)"\#(labels)}\#(at.isEmpty ? "" : #","startsAt":"\#(at)""#)}"#
    }

    private static let marked = #","apus_rollback":"true""#

    /// The body, the labels that are asked for, and the alert that triggers.
    @Test(
        arguments: [
            (real, [:], "GatewayErrors"),
            (real, ["apus_rollback": "true"], "GatewayErrors"),
            (real, ["apus_rollback": "true", "route": "/"], "GatewayErrors"),
            (real, ["apus_rollback": "yes"], nil),
            (real, ["team": "web"], nil),
            (body("resolved", alert("A", "resolved")), [:], nil),
            (body("resolved", alert("A")), [:], nil),
            (body("firing", alert("A", "resolved")), [:], nil),
            (body("firing", alert("A", "resolved"), alert("B")), [:], "B"),
            (body("firing", alert("A"), alert("B", labels: marked)), ["apus_rollback": "true"], "B"),
            (body("firing"), [:], nil),
            (
                body("firing", alert("A", at: "2026-01-02T00:00:00Z"), alert("B", at: "2026-01-01T00:00:00Z")), [:],
                "A"
            ),
            (#"{"version":"4","status":"firing","alerts":[{}]}"#, [:], ""),
        ] as [(String, [String: String], String?)])
    func triggers(body: String, labels: [String: String], name: String?) throws {
        let webhook = try AlertmanagerWebhook.read(Array(body.utf8))
        #expect(webhook.trigger(labels: labels).map { $0.labels?["alertname"] ?? "" } == name)
    }

    @Test(arguments: [
        "x", "{", "[]", "null", "{}", #""firing""#, "\u{0}", "status=firing",
        #"{"version":"3","status":"firing","alerts":[]}"#, #"{"version":4,"status":"firing","alerts":[]}"#,
        #"{"status":"firing","alerts":[]}"#, #"{"version":"4","status":"burning","alerts":[]}"#,
        #"{"version":"4","alerts":[]}"#, #"{"version":"4","status":"firing"}"#,
        #"{"version":"4","status":"firing","alerts":{}}"#, #"{"version":"4","status":"firing","alerts":[1]}"#,
        #"{"version":"4","status":"firing","alerts":[{"labels":{"a":1}}]}"#,
        String(repeating: "[", count: 100_000),
    ])
    func refuses(body: String) {
        #expect(throws: WebhookRefused.self, "\(body.prefix(80))") {
            try AlertmanagerWebhook.read(Array(body.utf8))
        }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(throws: WebhookRefused.self) { try AlertmanagerWebhook.read([0xFF, 0xFE, 0x00, 0x80]) }
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2026-11-28T21:28:43.990322729Z", "2026-11-28T21:28:43.990Z"),
            ("2024-02-29T12:00:00.5+01:00", "2024-02-29T11:00:00.500Z"),
            ("2024-12-31T23:30:00-01:30", "2025-01-01T01:00:00.000Z"),
            ("2100-03-01T00:00:00Z", "2100-03-01T00:00:00.000Z"),
            ("0001-01-01T00:00:00Z", nil), ("", nil), ("2026-11-28", nil), ("2026-11-28T21:28:43", nil),
            ("2026-13-28T21:28:43Z", nil), ("2026-11-28T24:28:43Z", nil), ("2026-11-28T21:28:43.Z", nil),
            ("2026-11-28T21:28:43.1234567890Z", nil), ("2026-11-28T21:28:43Zx", nil), ("2026-11-28 21:28:43Z", nil),
            ("9999-11-28T21:28:43Z", nil), ("٢٠٢٦-11-28T21:28:43Z", nil),
        ] as [(String, String?)])
    func readsTheTimesOfAlerts(text: String, instant: String?) {
        #expect(WallInstant(alertTime: text)?.rfc3339 == instant)
    }
}
