package import HTTPWire

/// Changes of path and Host on the way to the upstream.
package struct Rewrite: Sendable {
    private let path: PathChange
    private let host: TextTemplate?

    /// No changes.
    package init() {
        path = .keep
        host = nil
    }

    /// - Throws: `TextTemplate.Problem` for a text that the check of the settings refuses, too.
    package init(_ settings: RewriteSettings, of pattern: PathPattern) throws(TextTemplate.Problem) {
        path = try PathChange(prefix: settings.prefix, path: settings.path, of: pattern)
        if let text = settings.host {
            host = try TextTemplate(text, captures: pattern.captureNames, use: .host)
        } else {
            host = nil
        }
    }

    package var changesPath: Bool { path != .keep }
    package var changesHost: Bool { host != nil }

    /// Appends the path for the upstream, without query.
    ///
    /// - Parameter values: their `path` is the normalized one that the router saw.
    package func appendPath(to buffer: WireBuffer, _ values: PlaceholderValues) {
        path.append(to: buffer, values)
    }

    /// Appends the value of Host; nothing where `changesHost` is false.
    package func appendHost(to buffer: WireBuffer, _ values: PlaceholderValues) {
        host?.append(to: buffer, values)
    }
}

/// What becomes of a path: of rewriting and of redirection.
enum PathChange: Hashable, Sendable {
    case keep
    /// So many bytes at the front, a pattern without its final slash, become these, which end in no slash either.
    case prefix(count: Int, replacement: [UInt8])
    case whole(TextTemplate)

    init(prefix: String?, path: String?, of pattern: PathPattern) throws(TextTemplate.Problem) {
        if let path {
            self = .whole(try TextTemplate(path, captures: pattern.captureNames, use: .path))
        } else if let prefix {
            var replacement = PathText.encoded(prefix)
            while replacement.last == PathByte.slash { replacement.removeLast() }
            self = .prefix(count: pattern.bytes.count, replacement: replacement)
        } else {
            self = .keep
        }
    }

    /// `/api/x` with `/api` for `/` is `/x`, `/api` is `/`.
    func append(to buffer: WireBuffer, _ values: PlaceholderValues) {
        switch self {
        case .keep: buffer.append(values.path)
        case .whole(let template): template.append(to: buffer, values)
        case .prefix(let count, let replacement):
            let rest = values.path.dropFirst(count)
            buffer.append(replacement)
            if rest.isEmpty, replacement.isEmpty { buffer.append(PathByte.slash) }
            buffer.append(UnsafeRawBufferPointer(rebasing: rest))
        }
    }
}
