/// A condition or a value, as it stands behind `when:` or between `{{` and `}}`: parsed once, evaluated for many hosts.
///
/// The language is Jinja's, as far as declarations need it; names that are not defined are errors. Neither of the kept
/// Swift template libraries (Stencil, swift-mustache) can be used here: both link all of Foundation.
package struct Expression: Sendable {
    private let node: ExpressionNode
    private let source: [UInt8]

    /// - Throws: `TemplateError` with line and column within `text`.
    package init(parsing text: String) throws(TemplateError) {
        source = Array(text.utf8)
        guard source.count <= TemplateLimits.textBytes else {
            throw TemplateError(TemplateFault(.limit, "the expression is too long", at: 0), in: [])
        }
        do throws(TemplateFault) {
            node = try ExpressionParser.parse(source[...])
        } catch {
            throw TemplateError(error, in: source)
        }
    }

    /// - Throws: `TemplateError`, of kind `unavailable` where a value comes only later.
    package func evaluate(_ scope: some TemplateScope) throws(TemplateError) -> Value {
        var evaluator = Evaluator(scope)
        do throws(TemplateFault) {
            return try evaluator.evaluate(node)
        } catch {
            throw TemplateError(error, in: source)
        }
    }
}
