/// Regular expressions of templates, as `LinePattern` has them.
enum TemplateRegex {
    private static let longest = 4096

    private static func pattern(_ text: String, _ offset: Int) throws(TemplateFault) -> LinePattern {
        guard text.utf8.count <= longest else {
            throw TemplateFault(.limit, "the regular expression is longer than \(longest) bytes", at: offset)
        }
        do throws(ResourceFault) {
            return try LinePattern(text)
        } catch {
            throw TemplateFault(.evaluation, error.message, at: offset)
        }
    }

    /// The whole match and its groups, or nil.
    static func groups(_ pattern: String, _ text: String, _ offset: Int) throws(TemplateFault) -> [String]? {
        let pattern = try self.pattern(pattern, offset)
        let bytes = Array(text.utf8)
        return pattern.match(bytes)?.map { range in range.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "" }
    }

    /// Every match replaced; `\1` to `\9` in the replacement stand for groups, `\0` for the match.
    static func replace(
        _ text: String, _ pattern: String, _ replacement: String, _ offset: Int
    ) throws(TemplateFault) -> String {
        // The C library sees only the rest of the text, of which the start is always a beginning.
        let isAnchored = pattern.hasPrefix("^")
        let pattern = try self.pattern(pattern, offset)
        let bytes = Array(text.utf8)
        let template = Array(replacement.utf8)
        var result: [UInt8] = []
        var start = 0
        while start <= bytes.count {
            let rest = bytes[start...]
            guard let match = pattern.match(rest), let whole = match[0] else { break }
            result += rest.prefix(whole.lowerBound)
            result += expanded(template, rest, match)
            guard result.count <= TemplateLimits.outputBytes else {
                throw TemplateFault(.limit, "the text would be too long", at: offset)
            }
            if whole.isEmpty {
                if start + whole.lowerBound < bytes.count { result.append(bytes[start + whole.lowerBound]) }
                start += whole.upperBound + 1
            } else {
                start += whole.upperBound
            }
            if isAnchored { break }
        }
        if start < bytes.count { result += bytes[start...] }
        return String(decoding: result, as: UTF8.self)
    }

    private static func expanded(_ template: [UInt8], _ text: ArraySlice<UInt8>, _ match: [Range<Int>?]) -> [UInt8] {
        var result: [UInt8] = []
        var place = 0
        while place < template.count {
            if template[place] == UInt8(ascii: "\\"), place + 1 < template.count,
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(template[place + 1])
            {
                let group = Int(template[place + 1] - UInt8(ascii: "0"))
                if match.indices.contains(group), let range = match[group] {
                    result += text.dropFirst(range.lowerBound).prefix(range.count)
                }
                place += 2
            } else {
                result.append(template[place])
                place += 1
            }
        }
        return result
    }
}
