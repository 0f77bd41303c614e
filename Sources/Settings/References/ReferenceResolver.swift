package import Base
import Glibc

/// The seam for what a configuration refers to outside itself: `${env:NAME}` and `${file:/path}`.
package protocol ReferenceResolver: Sendable {
    /// The variable's value, nil when it is not set. An empty variable is set.
    func environmentVariable(_ name: String) -> String?

    /// The file's content as it is, at most `limit` bytes.
    ///
    /// - Throws: `ApusError` whose message names the file and the reason, never the content.
    func fileContent(_ path: String, limit: Int) throws(ApusError) -> [UInt8]
}

/// References as the process sees them: its own environment and file system.
package struct SystemReferences: ReferenceResolver {
    package init() {}

    package func environmentVariable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    package func fileContent(_ path: String, limit: Int) throws(ApusError) -> [UInt8] {
        // A pipe would keep the reader waiting for ever.
        var status = stat()
        guard stat(path, &status) == 0 else { throw Files.failure("read-failed", "cannot read \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ApusError(code: "read-failed", "cannot read \(path): it is no regular file")
        }
        return try Files.read(path, limit: limit)
    }
}

/// References from tables, for tests and for callers that want none: `FixedReferences()` resolves nothing.
package struct FixedReferences: ReferenceResolver {
    package var environment: [String: String]
    package var files: [String: String]

    package init(environment: [String: String] = [:], files: [String: String] = [:]) {
        self.environment = environment
        self.files = files
    }

    package func environmentVariable(_ name: String) -> String? { environment[name] }

    package func fileContent(_ path: String, limit: Int) throws(ApusError) -> [UInt8] {
        guard let content = files[path] else {
            throw ApusError(code: "read-failed", "cannot read \(path): \(Files.reason(ENOENT))")
        }
        guard content.utf8.count <= limit else {
            throw ApusError(code: "file-too-large", "\(path) is larger than \(limit) bytes")
        }
        return Array(content.utf8)
    }
}

/// No references at all: `${` is text like any other. For declarations whose values are shell or program text, and which
/// have templates of their own.
package struct NoReferences: ReferenceResolver {
    package init() {}
    package func environmentVariable(_ name: String) -> String? { nil }
    package func fileContent(_ path: String, limit: Int) throws(ApusError) -> [UInt8] {
        throw ApusError(code: "read-failed", "references are not resolved here")
    }
}
