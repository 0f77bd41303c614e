/// An expression as a tree; the numbers are places in the text, for errors.
indirect enum ExpressionNode: Sendable {
    case literal(Value)
    case list([ExpressionNode])
    case map([(key: ExpressionNode, value: ExpressionNode)])
    case name(String, Int)
    case attribute(ExpressionNode, String, Int)
    case index(ExpressionNode, ExpressionNode, Int)
    case slice(ExpressionNode, from: ExpressionNode?, to: ExpressionNode?, Int)
    /// `value.method(arguments)`
    case method(ExpressionNode, String, [ExpressionNode], Int)
    /// `range(arguments)`
    case function(String, [ExpressionNode], Int)
    case filter(ExpressionNode, FilterCall)
    case test(ExpressionNode, String, [ExpressionNode], isNegated: Bool, Int)
    case not(ExpressionNode)
    case both(ExpressionNode, ExpressionNode)
    case either(ExpressionNode, ExpressionNode)
    case negative(ExpressionNode, Int)
    case binary(String, ExpressionNode, ExpressionNode, Int)
    /// `1 < x <= 5`
    case comparison(ExpressionNode, [(operation: String, operand: ExpressionNode)], Int)
    case conditional(condition: ExpressionNode, then: ExpressionNode, otherwise: ExpressionNode?, Int)
}

struct FilterCall: Sendable {
    let name: String
    let arguments: [ExpressionNode]
    let named: [(name: String, value: ExpressionNode)]
    let offset: Int
}
