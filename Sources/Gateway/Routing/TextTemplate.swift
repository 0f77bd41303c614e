package import HTTPWire

/// A text with placeholders, `{client.address}`, read once and written for each request. `{{` and `}}` are braces.
package struct TextTemplate: Hashable, Sendable {
    package enum Placeholder: Hashable, Sendable {
        case clientAddress, host, method, path, query, requestID, route, scheme, upstream, upstreamHost
        /// A segment of the path by its place among the template's names.
        case capture(Int)
    }

    package enum Use: Sendable {
        /// A header's value.
        case text
        /// Characters that a path cannot hold are written as escapes.
        case path
        case host

        fileprivate func allows(_ placeholder: Placeholder) -> Bool {
            switch self {
            case .text: true
            case .path: placeholder == .path || placeholder == .host
            case .host: placeholder == .host || placeholder == .upstreamHost
            }
        }
    }

    /// Why a text is no template, for the complaint after the key.
    package struct Problem: Error, Hashable, Sendable {
        package let message: String
    }

    private enum Piece: Hashable, Sendable {
        /// Of `literals`.
        case literal(Range<Int>)
        case placeholder(Placeholder)
    }

    private static let names: [(name: String, placeholder: Placeholder)] = [
        ("client.address", .clientAddress), ("host", .host), ("method", .method), ("path", .path), ("query", .query),
        ("request.id", .requestID), ("route", .route), ("scheme", .scheme), ("upstream", .upstream),
        ("upstream.host", .upstreamHost),
    ]

    private var literals: [UInt8] = []
    private var pieces: [Piece] = []

    /// - Parameters:
    ///   - captures: the names of the route's template; `{path.NAME}`, or `{NAME}` where nothing else has that name.
    ///   - use: what the text is for. What a client may write freely gets neither into a path nor into a host.
    package init(_ text: String, captures: [String] = [], use: Use = .text) throws(Problem) {
        let isPath = use == .path
        var rest = Array(text.utf8)[...]
        var literal: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "{"), rest.first != byte {
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
                    throw Problem(message: "has a { that is not closed; {{ is a brace")
                }
                add(literal, isPath)
                literal = []
                let name = String(decoding: rest[..<end], as: UTF8.self)
                pieces.append(.placeholder(try TextTemplate.placeholder(name, captures, use)))
                rest = rest[(end + 1)...]
            } else {
                if byte == UInt8(ascii: "{") || (byte == UInt8(ascii: "}") && rest.first == byte) { rest.removeFirst() }
                literal.append(byte)
            }
        }
        add(literal, isPath)
    }

    private mutating func add(_ literal: [UInt8], _ isPath: Bool) {
        guard !literal.isEmpty else { return }
        let start = literals.count
        literals += isPath ? PathText.encoded(String(decoding: literal, as: UTF8.self)) : literal
        pieces.append(.literal(start..<literals.count))
    }

    private static func placeholder(
        _ name: String, _ captures: [String], _ use: Use
    ) throws(Problem) -> Placeholder {
        let names = names.filter { use.allows($0.placeholder) }
        if let known = names.first(where: { $0.name == name }) { return known.placeholder }
        let captures = use == .host ? [] : captures
        let capture = name.hasPrefix("path.") ? String(name.dropFirst(5)) : name
        if let index = captures.firstIndex(of: capture) { return .capture(index) }
        let known = (names.map(\.name) + captures.map { "path.\($0)" }).joined(separator: ", ")
        throw Problem(message: "has an unknown {…}, known are \(known)")
    }

    /// Appends the text. A placeholder without a value is written as nothing.
    package func append(to buffer: WireBuffer, _ values: PlaceholderValues) {
        literals.withUnsafeBytes { literals in
            for piece in pieces {
                switch piece {
                case .literal(let range): buffer.append(UnsafeRawBufferPointer(rebasing: literals[range]))
                case .placeholder(let placeholder): buffer.append(values[placeholder])
                }
            }
        }
    }
}

/// What placeholders stand for in one request. Everything points into buffers of the caller, for the time of the call;
/// none of it may hold CR, LF or NUL.
package struct PlaceholderValues {
    package static var none: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    package var clientAddress = none
    package var host = none
    package var method = none
    /// Normalized, without query.
    package var path = none
    package var query = none
    package var requestID = none
    package var route = none
    package var scheme = none
    package var upstream = none
    package var upstreamHost = none
    package var captures = PathCaptures()

    package init() {}

    package subscript(placeholder: TextTemplate.Placeholder) -> UnsafeRawBufferPointer {
        switch placeholder {
        case .clientAddress: clientAddress
        case .host: host
        case .method: method
        case .path: path
        case .query: query
        case .requestID: requestID
        case .route: route
        case .scheme: scheme
        case .upstream: upstream
        case .upstreamHost: upstreamHost
        case .capture(let index):
            index < captures.count
                ? UnsafeRawBufferPointer(
                    rebasing: path[Int(captures[index].offset)..<captures[index].end])
                : PlaceholderValues.none
        }
    }
}
