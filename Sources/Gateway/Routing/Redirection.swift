package import HTTPWire

/// A redirection, ready to be answered with.
package struct Redirection: Sendable {
    package let status: Int
    private let scheme: RedirectSettings.Scheme?
    private let host: TextTemplate?
    private let port: UInt16?
    private let path: PathChange
    private let stripsQuery: Bool

    /// - Throws: `TextTemplate.Problem` for a text that the check of the settings refuses, too.
    package init(_ settings: RedirectSettings, of pattern: PathPattern) throws(TextTemplate.Problem) {
        status = settings.status
        scheme = settings.scheme
        port = settings.port
        stripsQuery = settings.stripQuery
        path = try PathChange(prefix: settings.prefix, path: settings.path, of: pattern)
        if let text = settings.host {
            host = try TextTemplate(text, captures: pattern.captureNames, use: .host)
        } else {
            host = nil
        }
    }

    /// Appends the value of Location: a whole URL (RFC 9110, section 10.2.2). Without a port of its own the client's
    /// stays, unless scheme or host is another.
    ///
    /// - Parameters:
    ///   - values: `host` is the client's, with its port; `scheme` the one it used.
    ///   - hasQuery: tells `/a?` from `/a`.
    package func appendLocation(to buffer: WireBuffer, _ values: PlaceholderValues, hasQuery: Bool) {
        if let scheme { buffer.append(Array(scheme.rawValue.utf8)) } else { buffer.append(values.scheme) }
        buffer.append(Array("://".utf8))
        appendAuthority(to: buffer, values)
        path.append(to: buffer, values)
        guard hasQuery, !stripsQuery else { return }
        buffer.append(UInt8(ascii: "?"))
        buffer.append(values.query)
    }

    private func appendAuthority(to buffer: WireBuffer, _ values: PlaceholderValues) {
        if let host {
            var values = values
            if scheme != nil || port != nil { values.host = HostTable.name(of: values.host) }
            host.append(to: buffer, values)
        } else if scheme != nil || port != nil {
            buffer.append(HostTable.name(of: values.host))
        } else {
            buffer.append(values.host)
        }
        if let port { buffer.append(Array(":\(port)".utf8)) }
    }
}
