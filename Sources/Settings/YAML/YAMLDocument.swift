import Base

/// A file read as YAML: its one document as nodes, and what is wrong with it as text.
package struct YAMLDocument: Sendable {
    package let file: String
    /// Nil when the file is empty or holds only comments, and when `isBroken`.
    package let root: YAMLNode?
    /// Complaints that need no knowledge of the keys: encoding, syntax, duplicate keys, budgets.
    package var complaints: [Complaint] { list.all }
    /// True when reading stopped at a complaint, so that what is missing from `root` means nothing.
    package let isBroken: Bool
    let list: ComplaintList

    /// Reads `bytes`; `file` is the name that complaints carry.
    package init(_ bytes: [UInt8], file: String, limits: YAMLLimits = YAMLLimits()) {
        self.file = file
        var list = ComplaintList()
        guard bytes.count <= limits.bytes else {
            let (found, most) = (ByteCount(Int64(bytes.count)), ByteCount(Int64(limits.bytes)))
            let message = "the file is too large: \(found) bytes, at most \(most) are read"
            list.add(Complaint(file: file, position: .start, message))
            (root, isBroken, self.list) = (nil, true, list)
            return
        }
        let text = YAMLText.withoutByteOrderMark(bytes)
        for problem in YAMLText.problems(in: text) {
            list.add(Complaint(file: file, position: problem.position, problem.message))
        }
        guard list.errorCount == 0 else {
            (root, isBroken, self.list) = (nil, true, list)
            return
        }
        var parser = YAMLParser(file: file, limits: limits)
        let node = parser.parse(text)
        root = parser.isBroken ? nil : node
        isBroken = parser.isBroken
        self.list = parser.complaints
    }
}
