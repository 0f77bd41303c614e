import Settings

/// Filters of lists and mappings.
extension Evaluator {
    mutating func listFilter(_ name: String, _ value: Value, _ arguments: FilterArguments) throws(TemplateFault)
        -> Value
    {
        switch (name, value) {
        case ("length", .string(let text)), ("count", .string(let text)): return .integer(text.unicodeScalars.count)
        case ("length", .map(let map)), ("count", .map(let map)): return .integer(map.count)
        case ("items", .map(let map)): return .list(map.map { .list([.string($0.key), $0.value]) })
        case ("keys", .map(let map)): return .list(map.keys.map { .string($0) })
        case ("values", .map(let map)): return .list(map.values)
        case ("dict2items", .map(let map)): return .list(map.map { ListFilters.pair($0.key, $0.value) })
        case ("combine", .map(let map)): return try ListFilters.combined(map, arguments)
        case ("list", .map(let map)): return .list(map.keys.map { .string($0) })
        case ("reverse", .string(let text)): return .string(String(text.reversed()))
        case ("first", .string(let text)): return .string(String(text.prefix(1)))
        case ("last", .string(let text)): return .string(String(text.suffix(1)))
        default: break
        }
        let items = try ListFilters.items(value, name, arguments)
        switch name {
        case "length", "count": return .integer(items.count)
        case "list": return .list(items)
        case "join": return .string(try joined(items, arguments))
        case "first", "last":
            guard let item = name == "first" ? items.first : items.last else {
                throw TemplateFault(.undefined(name), "the list is empty", at: arguments.offset)
            }
            return item
        case "reverse": return .list(items.reversed())
        case "unique": return .list(try unique(items, arguments))
        case "sort": return .list(try sorted(items, arguments))
        case "min", "max":
            let sorted = try sorted(items, FilterArguments(offset: arguments.offset))
            guard let item = name == "min" ? sorted.first : sorted.last else {
                throw arguments.fault("the list is empty")
            }
            return item
        case "sum":
            var total = Value.integer(0)
            for item in items {
                let part = try arguments.value(0, "attribute").map { key throws(TemplateFault) in
                    try ListFilters.attribute(item, key.text, arguments)
                }
                total = try arithmetic("+", total, part ?? item, arguments.offset)
            }
            return total
        case "flatten": return .list(items.flatMap { $0.list ?? [$0] })
        case "items2dict":
            var map = OrderedMap<Value>()
            for item in items {
                map.set(
                    try ListFilters.attribute(item, "key", arguments).text,
                    try ListFilters.attribute(item, "value", arguments))
            }
            return .map(map)
        case "map": return .list(try mapped(items, arguments))
        case "select", "reject": return .list(try chosen(items, arguments, keeps: name == "select", byAttribute: false))
        case "selectattr", "rejectattr":
            return .list(try chosen(items, arguments, keeps: name == "selectattr", byAttribute: true))
        default: throw arguments.fault("\(value.kindName) cannot be taken by \(name)")
        }
    }

    private func joined(_ items: [Value], _ arguments: FilterArguments) throws(TemplateFault) -> String {
        var texts: [String] = []
        var size = 0
        for item in items {
            let part = try arguments.value(1, "attribute").map { key throws(TemplateFault) in
                try ListFilters.attribute(item, key.text, arguments)
            }
            texts.append((part ?? item).text)
            size += texts[texts.count - 1].utf8.count
            guard size <= TemplateLimits.outputBytes else {
                throw TemplateFault(.limit, "the text would be too long", at: arguments.offset)
            }
        }
        return texts.joined(separator: try arguments.text(0, "d", or: ""))
    }

    private mutating func unique(_ items: [Value], _ arguments: FilterArguments) throws(TemplateFault) -> [Value] {
        var known: Set<String> = []
        try charge(items.count * TemplateLimits.elementWork * 4, at: arguments.offset)
        return items.filter { known.insert("\($0.kindName) \($0.json)").inserted }
    }

    private mutating func sorted(_ items: [Value], _ arguments: FilterArguments) throws(TemplateFault) -> [Value] {
        let key = arguments.named["attribute"]?.text
        var keyed: [(key: Value, item: Value)] = []
        for item in items {
            var sortKey = item
            if let key { sortKey = try ListFilters.attribute(item, key, arguments) }
            if !arguments.isTrue(1, "case_sensitive"), case .string(let text) = sortKey {
                sortKey = .string(text.lowercased())
            }
            keyed.append((sortKey, item))
        }
        try charge(items.count * TemplateLimits.elementWork * 8, at: arguments.offset)
        for pair in zip(keyed, keyed.dropFirst()) where pair.0.key.order(against: pair.1.key) == nil {
            throw arguments.fault("\(pair.0.key.kindName) and \(pair.1.key.kindName) cannot be put in order")
        }
        let result = keyed.sorted { ($0.key.order(against: $1.key) ?? 0) < 0 }.map(\.item)
        return arguments.isTrue(0, "reverse") ? result.reversed() : result
    }

    /// `map(attribute='name', default=…)`, or `map('filter', arguments…)`.
    private mutating func mapped(_ items: [Value], _ arguments: FilterArguments) throws(TemplateFault) -> [Value] {
        var result: [Value] = []
        if let key = arguments.named["attribute"]?.text {
            for item in items {
                do throws(TemplateFault) {
                    result.append(try ListFilters.attribute(item, key, arguments))
                } catch {
                    guard let other = arguments.named["default"] else { throw error }
                    result.append(other)
                }
            }
            return result
        }
        let name = try arguments.text(0)
        guard TemplateFilters.names.contains(name) else { throw arguments.fault("there is no filter \(name)") }
        filterDepth += 1
        defer { filterDepth -= 1 }
        guard filterDepth <= TemplateLimits.filterDepth else {
            throw TemplateFault(.limit, "filters are nested too deep", at: arguments.offset)
        }
        let inner = FilterArguments(
            positional: Array(arguments.positional.dropFirst()), named: arguments.named, offset: arguments.offset)
        for item in items { result.append(try TemplateFilters.apply(name, item, inner, &self)) }
        return result
    }

    private mutating func chosen(
        _ items: [Value], _ arguments: FilterArguments, keeps: Bool, byAttribute: Bool
    ) throws(TemplateFault) -> [Value] {
        let shift = byAttribute ? 1 : 0
        let key = byAttribute ? try arguments.text(0) : nil
        let test = arguments.value(shift)?.text
        if let test, !TemplateTests.names.contains(test) { throw arguments.fault("there is no test \(test)") }
        let rest = Array(arguments.positional.dropFirst(shift + 1))
        var result: [Value] = []
        for item in items {
            var subject: Value? = item
            if let key { subject = try? ListFilters.attribute(item, key, arguments) }
            let holds: Bool
            switch (test, subject) {
            case ("defined"?, _): holds = subject != nil
            case ("undefined"?, _): holds = subject == nil
            case (_, nil): holds = false
            case (nil, let value?): holds = value.isTrue
            case (let test?, let value?): holds = try self.holds(test: test, value, rest, arguments.offset)
            }
            if holds == keeps { result.append(item) }
        }
        return result
    }

    // MARK: Methods

    /// The methods of Python's texts and dictionaries that templates use.
    mutating func method(
        _ value: Value, _ name: String, _ given: [Value], _ offset: Int
    ) throws(TemplateFault) -> Value {
        let arguments = FilterArguments(positional: given, offset: offset)
        switch (value, name) {
        case (.string(let text), "startswith"): return .bool(text.hasPrefix(try arguments.text(0)))
        case (.string(let text), "endswith"): return .bool(text.hasSuffix(try arguments.text(0)))
        case (.string, "upper"), (.string, "lower"), (.string, "title"), (.string, "capitalize"), (.string, "replace"),
            (.string, "split"):
            return try TemplateFilters.apply(name, value, arguments, &self)
        case (.string, "strip"): return try TemplateFilters.apply("trim", value, arguments, &self)
        case (.string(let separator), "join"):
            let items = FilterArguments(positional: [.string(separator)], offset: offset)
            return try TemplateFilters.apply("join", given.first ?? .list([]), items, &self)
        case (.map(let map), "get"): return map[try arguments.text(0)] ?? arguments.value(1) ?? .null
        case (.map, "items"), (.map, "keys"), (.map, "values"):
            return try TemplateFilters.apply(name, value, arguments, &self)
        default: throw arguments.fault("\(value.kindName) has no method \(name)")
        }
    }
}

/// What the filters of lists share.
enum ListFilters {
    static func items(_ value: Value, _ name: String, _ arguments: FilterArguments) throws(TemplateFault) -> [Value] {
        switch value {
        case .list(let items): return items
        case .map(let map): return map.keys.map { .string($0) }
        case .string(let text): return text.unicodeScalars.map { .string(String($0)) }
        default: throw arguments.fault("\(name) takes a list, found \(value.kindName)")
        }
    }

    /// `name`, or `owner.name`.
    static func attribute(_ item: Value, _ path: String, _ arguments: FilterArguments) throws(TemplateFault) -> Value {
        var value = item
        for part in path.split(separator: ".") {
            if let next = value[String(part)] {
                value = next
            } else if case .list(let items) = value, let index = Int(part), items.indices.contains(index) {
                value = items[index]
            } else {
                throw TemplateFault(.undefined(String(part)), "an item has no \"\(part)\"", at: arguments.offset)
            }
        }
        return value
    }

    static func pair(_ key: String, _ value: Value) -> Value {
        var map = OrderedMap<Value>()
        map.set("key", .string(key))
        map.set("value", value)
        return .map(map)
    }

    static func combined(_ map: OrderedMap<Value>, _ arguments: FilterArguments) throws(TemplateFault) -> Value {
        var result = map
        for other in arguments.positional {
            guard case .map(let more) = other else {
                throw arguments.fault("combine takes mappings, found \(other.kindName)")
            }
            for pair in more {
                if arguments.named["recursive"]?.isTrue == true, case .map(let inner)? = result[pair.key],
                    case .map = pair.value
                {
                    var deeper = FilterArguments(positional: [pair.value], offset: arguments.offset)
                    deeper.named = arguments.named
                    result.set(pair.key, try combined(inner, deeper))
                } else {
                    result.set(pair.key, pair.value)
                }
            }
        }
        return .map(result)
    }
}
