/// What one template, and one rendering of it, may cost. A hostile text meets one of these as a `TemplateError` before it
/// meets the end of the stack or of the memory.
enum TemplateLimits {
    /// Bytes of a template's text.
    static let textBytes = 8 << 20
    /// Bytes that a rendering, or any single text made on the way, may have.
    static let outputBytes = 16 << 20
    /// Parentheses, lists, `not` and inline `if` inside each other in an expression.
    static let expressionDepth = 64
    /// `{% if %}` and `{% for %}` inside each other in one template.
    static let blockDepth = 64
    /// Templates that include each other.
    static let includeDepth = 16
    /// Turns of all loops of one rendering, those of included templates too.
    static let loopSteps = 1_000_000
    /// Names that a rendering holds at one time by `set` and `for`.
    static let names = 1000
    /// Levels of lists and maps in a value kept by `set`: each `set` could add one otherwise, and releasing a value
    /// recurses.
    static let valueDepth = 128
    /// Filters that call filters: `map('map', 'map', 'lower')`.
    static let filterDepth = 16
    /// Elements of a `range`.
    static let rangeElements = 1_000_000
    /// Work of one rendering, in units of about one byte made or one element looked at. It bounds the time (a few seconds)
    /// and, because what is kept was made, the memory.
    static let work = 256 << 20
    /// What an element of a list weighs beside a byte of text.
    static let elementWork = 16
    /// What one step of an expression or of a loop weighs beside a byte of text.
    static let stepWork = 32
}
