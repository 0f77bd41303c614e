import Settings

/// Arithmetic and comparisons, with Python's meaning where the operands are of a kind, and an error where they are not.
extension Evaluator {
    mutating func arithmetic(
        _ operation: String, _ left: Value, _ right: Value, _ offset: Int
    ) throws(TemplateFault) -> Value {
        if operation == "~" { return try joined(left.text, right.text, offset) }
        switch (operation, left, right) {
        case ("+", .string(let a), .string(let b)): return try joined(a, b, offset)
        case ("+", .list(let a), .list(let b)):
            try charge((a.count + b.count) * TemplateLimits.elementWork, at: offset)
            return .list(a + b)
        case ("*", .string(let text), .integer(let count)):
            let size = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
            guard !size.overflow, size.partialValue <= TemplateLimits.outputBytes else {
                throw TemplateFault(.limit, "the text would be too long", at: offset)
            }
            try charge(size.partialValue, at: offset)
            return .string(String(repeating: text, count: max(0, count)))
        case (_, .integer(let a), .integer(let b)) where operation != "/": return try whole(operation, a, b, offset)
        default: return try fractional(operation, left, right, offset)
        }
    }

    private mutating func joined(_ left: String, _ right: String, _ offset: Int) throws(TemplateFault) -> Value {
        let size = left.utf8.count + right.utf8.count
        guard size <= TemplateLimits.outputBytes else {
            throw TemplateFault(.limit, "the text would be too long", at: offset)
        }
        try charge(size, at: offset)
        return .string(left + right)
    }

    private func whole(_ operation: String, _ a: Int, _ b: Int, _ offset: Int) throws(TemplateFault) -> Value {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case "+": result = a.addingReportingOverflow(b)
        case "-": result = a.subtractingReportingOverflow(b)
        case "*": result = a.multipliedReportingOverflow(by: b)
        case "//", "%":
            guard b != 0 else { throw TemplateFault(.evaluation, "division by zero", at: offset) }
            // Python rounds down, and the remainder has the divisor's sign.
            let quotient = a.dividedReportingOverflow(by: b)
            let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
            let isOff = remainder != 0 && (remainder < 0) != (b < 0)
            if operation == "%" { return .integer(isOff ? remainder + b : remainder) }
            result = (isOff ? quotient.partialValue - 1 : quotient.partialValue, quotient.overflow)
        default: throw TemplateFault(.syntax, "there is no operator \(operation)", at: offset)
        }
        guard !result.overflow else { throw TemplateFault(.evaluation, "the number is out of range", at: offset) }
        return .integer(result.partialValue)
    }

    private func fractional(
        _ operation: String, _ left: Value, _ right: Value, _ offset: Int
    ) throws(TemplateFault) -> Value {
        guard let a = left.double, let b = right.double else {
            throw TemplateFault(
                .evaluation, "\(left.kindName) \(operation) \(right.kindName) has no meaning; ~ joins texts", at: offset
            )
        }
        let result: Double
        switch operation {
        case "+": result = a + b
        case "-": result = a - b
        case "*": result = a * b
        default:
            guard b != 0 else { throw TemplateFault(.evaluation, "division by zero", at: offset) }
            switch operation {
            case "/": result = a / b
            case "//": result = (a / b).rounded(.down)
            default: result = a - (a / b).rounded(.down) * b
            }
        }
        guard result.isFinite else { throw TemplateFault(.evaluation, "the number is out of range", at: offset) }
        return .number(result)
    }

    mutating func compare(
        _ first: ExpressionNode, _ links: [(operation: String, operand: ExpressionNode)], _ offset: Int
    ) throws(TemplateFault) -> Value {
        var left = try evaluate(first)
        for link in links {
            let right = try evaluate(link.operand)
            guard try holds(link.operation, left, right, offset) else { return .bool(false) }
            left = right
        }
        return .bool(true)
    }

    private mutating func holds(
        _ operation: String, _ left: Value, _ right: Value, _ offset: Int
    ) throws(TemplateFault) -> Bool {
        switch operation {
        case "==": return left.equals(right)
        case "!=": return !left.equals(right)
        case "in": return try contains(right, left, offset)
        case "not in": return try !contains(right, left, offset)
        default:
            guard let order = left.order(against: right) else {
                throw TemplateFault(
                    .evaluation, "\(left.kindName) and \(right.kindName) cannot be put in order", at: offset)
            }
            switch operation {
            case "<": return order < 0
            case "<=": return order <= 0
            case ">": return order > 0
            default: return order >= 0
            }
        }
    }

    mutating func contains(_ container: Value, _ item: Value, _ offset: Int) throws(TemplateFault) -> Bool {
        switch container {
        case .list(let items):
            try charge(items.count * TemplateLimits.elementWork, at: offset)
            return items.contains { $0.equals(item) }
        case .map(let map): return map[item.text] != nil
        case .string(let text):
            try charge(text.utf8.count, at: offset)
            return item.text.isEmpty || text.contains(item.text)
        default: throw TemplateFault(.evaluation, "nothing is in \(container.kindName)", at: offset)
        }
    }
}

extension Value {
    /// As a number, also true and false (1 and 0); nil for everything else.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    /// As Python compares: 1 equals 1.0, and kinds that have nothing in common are unequal.
    func equals(_ other: Value) -> Bool {
        if self == other { return true }
        if let a = double, let b = other.double { return a == b }
        if case .list(let a) = self, case .list(let b) = other {
            return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
        }
        return false
    }

    /// Negative, zero or positive; nil where there is no order.
    func order(against other: Value) -> Int? {
        if let a = double, let b = other.double { return a < b ? -1 : a > b ? 1 : 0 }
        switch (self, other) {
        case (.string(let a), .string(let b)):
            return a == b ? 0 : Array(a.unicodeScalars).lexicographicallyPrecedes(Array(b.unicodeScalars)) ? -1 : 1
        case (.list(let a), .list(let b)):
            for (left, right) in zip(a, b) {
                guard let order = left.order(against: right) else { return nil }
                if order != 0 { return order }
            }
            return a.count - b.count
        default: return nil
        }
    }
}
