import Base
import Settings

/// A host's report as one JSON object on one line. Secrets are taken out here; texts are given as unified diffs.
///
/// `{"event":"host","host":…,"play":…,"status":…,"error":{"code":…,"message":…},"durationSeconds":…,"legs":…,
/// "fingerprint":…,"resources":[{"title":…,"name":…,"place":…,"status":…,"message":…,"differences":[{"what":…,"old":…,
/// "new":…,"diff":[…]}]}],"notes":[…]}`; what is null is left out.
package struct ReportJSON: Sendable {
    let redactor: Redactor
    /// Leave out resources that are as declared.
    package var onlyDifferent = false

    package init(site: Site) { redactor = site.redactor }

    package func line(_ report: HostReport) -> String {
        var map = OrderedMap<Value>()
        map.set("event", "host")
        map.set("host", .string(report.host))
        if let play = report.play { map.set("play", .string(play)) }
        map.set("status", .string(report.status.rawValue))
        if let error = report.error {
            var object = OrderedMap<Value>()
            object.set("code", .string(error.code))
            object.set("message", .string(redactor.redacted(error.description)))
            map.set("error", .map(object))
        }
        map.set("durationSeconds", .number((report.duration.inSeconds * 1000).rounded() / 1000))
        map.set("legs", .integer(report.legs))
        map.set("bytesSent", .integer(report.bytesSent))
        map.set("bytesReceived", .integer(report.bytesReceived))
        if !report.fingerprint.isEmpty { map.set("fingerprint", .string(report.fingerprint)) }
        let items = report.items.filter { !onlyDifferent || $0.status != .same }
        map.set("resources", .list(items.map { .map(item($0)) }))
        if !report.notes.isEmpty { map.set("notes", .list(report.notes.map { .string(redactor.redacted($0)) })) }
        return Value.map(map).json
    }

    private func item(_ item: HostReport.Item) -> OrderedMap<Value> {
        var map = OrderedMap<Value>()
        map.set("title", text(item.title))
        if let name = item.name { map.set("name", text(name)) }
        if !item.place.isEmpty { map.set("place", .string(item.place)) }
        map.set("status", .string(item.status.rawValue))
        if let message = item.message { map.set("message", text(message)) }
        if item.isHandler { map.set("handler", .bool(true)) }
        if !item.differences.isEmpty { map.set("differences", .list(item.differences.map { .map(difference($0)) })) }
        return map
    }

    private func difference(_ difference: Difference) -> OrderedMap<Value> {
        var map = OrderedMap<Value>()
        map.set("what", text(difference.what))
        let (old, new) = Disclosure(redactor: redactor).values(difference)
        if let old { map.set("old", .string(old)) }
        if let new { map.set("new", .string(new)) }
        if let change = difference.text, let diff = Disclosure(redactor: redactor).diff(change) {
            map.set("diff", .list(diff.map { .string($0) }))
        }
        return map
    }

    private func text(_ text: String) -> Value { .string(redactor.redacted(text)) }
}
