package import Base

/// A small XML answer as a tree: for answers that are looked into by names. At most 50,000 elements.
package struct XMLElement: Sendable {
    package let name: String
    package private(set) var text = ""
    package private(set) var children: [XMLElement] = []

    /// - Throws: `ApusError` `xml-invalid`.
    package static func parse(_ bytes: [UInt8], limit: Int = 8 << 20) throws(ApusError) -> XMLElement {
        var reader = try XMLReader(bytes, limit: limit)
        var open: [XMLElement] = []
        var root: XMLElement?
        var count = 0
        while let event = try reader.next() {
            switch event {
            case .start(let name):
                count += 1
                guard count <= 50_000 else { throw ApusError(code: "xml-invalid", "the XML has too many elements") }
                open.append(XMLElement(name: name))
            case .text(let text):
                open[open.count - 1].text += text
            case .end:
                let element = open.removeLast()
                if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
            }
        }
        guard let root else { throw ApusError(code: "xml-invalid", "the XML has no element") }
        return root
    }

    private init(name: String) { self.name = name }

    /// The first child of that name.
    package func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The text of the element at the end of that path of names.
    package func value(_ path: String...) -> String? {
        var element: XMLElement? = self
        for name in path { element = element?.child(name) }
        return element?.text
    }
}
