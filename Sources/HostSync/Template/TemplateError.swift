/// What is wrong in a template or in an expression, and where in its text.
package struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The text is no template; found when it is parsed.
        case syntax
        /// A name, a key or an index that is not there; what was asked for.
        case undefined(String)
        /// The scope knows the name, but not yet its value (a fact that was not gathered).
        case unavailable(String)
        /// The wrong kind of value, a division by zero, a result that is out of range.
        case evaluation
        /// A bound of `TemplateLimits`.
        case limit
    }

    package let kind: Kind
    /// The sentence without the place.
    package let message: String
    /// From 1, in the text of the template. A line ends with a line feed.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    /// The name of the included template in which it happened; nil in the text itself.
    package let template: String?

    /// The name that has no value yet, when this is why.
    package var unavailableName: String? {
        if case .unavailable(let name) = kind { name } else { nil }
    }

    /// `line:column: message`, after the name of the included template where there is one.
    package var description: String {
        (template.map { "\($0):" } ?? "") + "\(line):\(column): \(message)"
    }
}

extension TemplateError {
    /// The fault with the place that its offset has in `source`.
    init(_ fault: TemplateFault, in source: [UInt8], template: String? = nil) {
        if let located = fault.located {
            self = located
            return
        }
        var line = 1
        var column = 1
        for byte in source.prefix(fault.offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.init(kind: fault.kind, message: fault.message, line: line, column: column, template: template)
    }
}

/// An error before its offset became a line and a column: positions are counted only when there is somebody to read them.
struct TemplateFault: Error {
    let kind: TemplateError.Kind
    let message: String
    /// Bytes from the start of the text.
    let offset: Int
    /// Set when it happened in an included template, whose text the includer does not have.
    var located: TemplateError?

    init(_ kind: TemplateError.Kind, _ message: String, at offset: Int) {
        self.kind = kind
        self.message = message
        self.offset = offset
    }

    init(_ error: TemplateError) {
        self.init(error.kind, error.message, at: 0)
        located = error
    }
}
