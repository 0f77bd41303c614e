import Base

/// Who sends the spans: attributes that hold for the whole process, in order, each key once.
package struct TraceResource: Hashable, Sendable {
    package private(set) var attributes: [Attribute] = []

    package struct Attribute: Hashable, Sendable {
        package let key: String
        package let value: String
    }

    /// `service.name`, `service.version` and what the specification asks of an SDK.
    package static var standard: TraceResource {
        var resource = TraceResource()
        resource.set("service.name", to: Version.name)
        resource.set("service.version", to: Version.number)
        resource.set("telemetry.sdk.language", to: "swift")
        resource.set("telemetry.sdk.name", to: Version.name)
        resource.set("telemetry.sdk.version", to: Version.number)
        return resource
    }

    package init() {}

    package subscript(key: String) -> String? { attributes.first { $0.key == key }?.value }

    /// Sets the attribute in its old place, or at the end.
    package mutating func set(_ key: String, to value: String) {
        let attribute = Attribute(key: key, value: value)
        if let index = attributes.firstIndex(where: { $0.key == key }) {
            attributes[index] = attribute
        } else {
            attributes.append(attribute)
        }
    }
}
