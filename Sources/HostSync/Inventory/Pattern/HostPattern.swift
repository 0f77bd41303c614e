import Base

/// Which hosts of an inventory are meant, as Ansible writes it: `all`, names and globs of hosts and groups, several
/// with `:` or `,` between them, `:&group` for those also in it, `:!group` for those not in it, `~regex`; and `group[0]`,
/// `group[-1]`, `group[0:2]` for some of a group.
///
/// Terms apply in Ansible's order: first what is added, then every `&`, then every `!`.
package struct HostPattern: Sendable, Equatable {
    static let mostTerms = 10_000

    enum Role: Sendable, Equatable {
        case add, intersect, exclude
    }

    enum Matcher: Sendable, Equatable {
        case all
        /// A host's or a group's name, as it is.
        case name(String)
        case glob(String)
        case expression(HostExpression)
    }

    /// `[2]`, `[-1]`, `[1:3]`, with both ends belonging to it, from 0.
    struct Subset: Sendable, Equatable {
        var first: Int
        /// Nil: to the end.
        var last: Int?
    }

    struct Term: Sendable, Equatable {
        var role: Role
        var matcher: Matcher
        var subset: Subset?
        /// As written, for messages.
        var text: String
    }

    /// Every host.
    package static let all = HostPattern(terms: [Term(role: .add, matcher: .all, text: "all")])

    let terms: [Term]

    private init(terms: [Term]) {
        self.terms = terms
    }

    /// - Throws: `InventoryProblem` with a sentence for what is no pattern.
    package init(parsing text: String) throws(InventoryProblem) {
        let pieces = HostPattern.pieces(of: text)
        guard !pieces.isEmpty else { throw InventoryProblem("the pattern is empty, wanted such as web*:!web3") }
        guard pieces.count <= HostPattern.mostTerms else {
            throw InventoryProblem("the pattern has more than \(HostPattern.mostTerms) terms")
        }
        var terms: [Term] = []
        for piece in pieces { terms.append(try HostPattern.term(piece)) }
        // As with Ansible, `!web3` alone is all but web3.
        if !terms.contains(where: { $0.role == .add }) { terms.insert(contentsOf: HostPattern.all.terms, at: 0) }
        self.terms = terms
    }

    // MARK: Reading

    /// The terms between `,` and `:`. A colon inside brackets belongs to a range, in a regular expression's parentheses
    /// or brackets to that, and in an IPv6 address to the address. Where a comma stands outside brackets, only commas
    /// divide, as with Ansible.
    private static func pieces(of text: String) -> [String] {
        let byComma = divided(text, at: ",")
        let pieces = byComma.count > 1 ? byComma.flatMap(byColon) : byColon(text)
        return pieces.map(trimmed).filter { !$0.isEmpty }
    }

    private static func byColon(_ text: String) -> [String] {
        HostDeclaration.isIPv6(bare(trimmed(text))) ? [text] : divided(text, at: ":")
    }

    /// An address without the mark before it.
    private static func bare(_ text: String) -> String {
        text.hasPrefix("!") || text.hasPrefix("&") ? String(text.dropFirst()) : text
    }

    private static func divided(_ text: String, at separator: Unicode.Scalar) -> [String] {
        var pieces: [String] = []
        var piece = String.UnicodeScalarView()
        var depth = 0
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if !isEscaped {
                if "[({".unicodeScalars.contains(scalar) { depth += 1 }
                if "])}".unicodeScalars.contains(scalar) { depth = max(0, depth - 1) }
            }
            isEscaped = scalar == "\\" && !isEscaped
            if scalar == separator, depth == 0 {
                pieces.append(String(piece))
                piece = String.UnicodeScalarView()
            } else {
                piece.append(scalar)
            }
        }
        return pieces + [String(piece)]
    }

    private static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars.drop(while: \.properties.isWhitespace)
        return String(String.UnicodeScalarView(scalars.reversed().drop(while: \.properties.isWhitespace).reversed()))
    }

    private static func term(_ piece: String) throws(InventoryProblem) -> Term {
        var role = Role.add
        var rest = piece
        if let mark = piece.first, mark == "!" || mark == "&" {
            role = mark == "!" ? .exclude : .intersect
            rest = trimmed(String(piece.dropFirst()))
        }
        guard !rest.isEmpty else {
            throw InventoryProblem("found \(InventoryText.quoted(piece)) without a name after it")
        }
        if rest.hasPrefix("~") {
            let expression = try HostExpression(String(rest.dropFirst()))
            return Term(role: role, matcher: .expression(expression), text: rest)
        }
        let (name, subset) = try split(rest)
        if name == "all" || name == "*" { return Term(role: role, matcher: .all, subset: subset, text: rest) }
        if name.unicodeScalars.contains(where: { "*?[".unicodeScalars.contains($0) }) {
            return Term(role: role, matcher: .glob(name), subset: subset, text: rest)
        }
        if let objection = InventoryText.objection(toName: name, allowsColons: HostDeclaration.isIPv6(name)) {
            throw InventoryProblem("found \(InventoryText.quoted(rest)): \(objection)")
        }
        return Term(role: role, matcher: .name(name), subset: subset, text: rest)
    }

    /// A name and the subset after it. Brackets without digits are a glob's.
    private static func split(_ text: String) throws(InventoryProblem) -> (String, Subset?) {
        guard text.hasSuffix("]"), let open = text.lastIndex(of: "["), open != text.startIndex else {
            return (text, nil)
        }
        let inside = text[text.index(after: open)...].dropLast()
        let isSubset = !inside.isEmpty && inside.allSatisfy { ("0"..."9").contains($0) || $0 == "-" || $0 == ":" }
        // A class such as [0-9] is a glob's; a subset has its minus in front.
        guard isSubset, !inside.dropFirst().contains("-") || inside.contains(":") else { return (text, nil) }
        let ends = inside.split(separator: ":", omittingEmptySubsequences: false)
        let shown = InventoryText.quoted(text)
        guard ends.count <= 2 else { throw InventoryProblem("found \(shown), wanted such as web[0:2]") }
        let numbers = ends.map { Int($0) }
        guard zip(ends, numbers).allSatisfy({ $0.isEmpty || $1 != nil }) else {
            throw InventoryProblem("found \(shown), wanted such as web[0], web[-1] or web[0:2]")
        }
        let name = String(text[..<open])
        let first = numbers[0] ?? 0
        return (name, Subset(first: first, last: ends.count == 1 ? first : numbers[1]))
    }
}
