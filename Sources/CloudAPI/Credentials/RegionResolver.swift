package import Base

/// Which region of AWS is meant: what is configured, `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's.
package enum RegionResolver {
    /// Nil where nothing says it.
    package static func region(
        _ configured: String?, profile: String? = nil, environment: [String: String]
    ) throws(ApusError) -> String? {
        for found in [configured, environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"]] {
            if let found, !found.isEmpty { return found }
        }
        let name = profile ?? environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default"
        return try ProfileFile(environment: environment)[name]?["region"]
    }
}
