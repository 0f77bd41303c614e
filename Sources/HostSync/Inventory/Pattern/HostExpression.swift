import Glibc

/// A regular expression over names: POSIX extended, as regcomp(3) reads it, matched at the start of a name as Ansible's
/// are. Python's `\d` and `(?:` are understood, glibc itself knows `\w` and `\s`.
final class HostExpression: Sendable, Equatable {
    private static let longest = 1000
    /// regcomp(3) writes repetitions out: `x{99}{99}` is 10,000 states, and a third would be a million.
    private static let mostIntervals = 2
    private static let highestInterval = 99

    let text: String
    /// Not changed after `init`, and regexec(3) may be called with one from many threads (POSIX.1-2017, 2.9.1).
    nonisolated(unsafe) private let compiled: UnsafeMutablePointer<regex_t>

    /// - Throws: with what regerror(3) says.
    init(_ text: String) throws(InventoryProblem) {
        guard text.utf8.count <= HostExpression.longest, !text.utf8.contains(0) else {
            throw InventoryProblem("the regular expression is longer than \(HostExpression.longest) bytes")
        }
        guard HostExpression.isCheap(text) else {
            throw InventoryProblem(
                "the regular expression \(InventoryText.quoted(text)) has more than \(HostExpression.mostIntervals)"
                    + " repetitions in braces, or one above \(HostExpression.highestInterval)")
        }
        // Throwing after both properties are set would run `deinit` on what regcomp(3) has not filled.
        compiled = try HostExpression.compile(text)
        self.text = text
    }

    deinit {
        regfree(compiled)
        compiled.deallocate()
    }

    func matches(_ name: String) -> Bool { regexec(compiled, name, 0, nil, 0) == 0 }

    static func == (left: HostExpression, right: HostExpression) -> Bool { left.text == right.text }

    private static func isCheap(_ text: String) -> Bool {
        let intervals = text.split(separator: "{", omittingEmptySubsequences: false).dropFirst()
        return intervals.count <= mostIntervals
            && intervals.allSatisfy { interval in
                interval.prefix { $0 != "}" }.split(separator: ",").allSatisfy { Int($0) ?? 0 <= highestInterval }
            }
    }

    private static func compile(_ text: String) throws(InventoryProblem) -> UnsafeMutablePointer<regex_t> {
        let expression: String
        do throws(RegexTranslation.Fault) {
            expression = try RegexTranslation.posix(text)
        } catch {
            throw InventoryProblem(
                "the regular expression \(InventoryText.quoted(text)) cannot be read: \(error.message)")
        }
        let compiled = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        compiled.initialize(to: regex_t())
        let code = regcomp(compiled, "^(\(expression))", REG_EXTENDED | REG_NOSUB)
        guard code != 0 else { return compiled }
        var buffer = [CChar](repeating: 0, count: 200)
        regerror(code, compiled, &buffer, buffer.count)
        compiled.deallocate()
        let reason = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw InventoryProblem("the regular expression \(InventoryText.quoted(text)) cannot be read: \(reason)")
    }
}
