import Gateway
import HTTPWire

/// A request written in one line, `GET www.example.com /a/b X-Env=canary`, as the router sees it.
struct RequestText {
    let method: String
    let host: String
    let path: String
    var headers: [(name: String, value: String)] = []

    init(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        (method, host, path) = (words[0], words[1], words[2])
        headers = words.dropFirst(3).map { word in
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
    }

    private static let methods: [String: Method] = [
        "GET": .get, "HEAD": .head, "POST": .post, "PUT": .put, "DELETE": .delete, "OPTIONS": .options,
        "TRACE": .trace, "PATCH": .patch, "CONNECT": .connect,
    ]

    /// The answer, and the texts of the template's names.
    func ask(_ router: Router) -> (answer: Router.Answer, captures: [String]) {
        var head: [UInt8] = []
        var fields: [Field] = []
        func add(_ text: String) -> Slice {
            head += text.utf8
            return Slice(offset: UInt32(head.count - text.utf8.count), count: UInt32(text.utf8.count))
        }
        let parts = (add(host), add(path), add(method))
        for (name, value) in headers {
            fields.append(Field(name: add(name), value: add(value), known: .other, isHopByHop: false))
        }
        return head.withUnsafeBytes { head in
            func bytes(_ slice: Slice) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: head[Int(slice.offset)..<slice.end])
            }
            let path = bytes(parts.1)
            let request = Router.Request(
                host: bytes(parts.0), path: path, method: RequestText.methods[method] ?? .other,
                methodText: bytes(parts.2), head: head)
            var captures = PathCaptures()
            let answer = router.route(request, fields: fields, captures: &captures)
            let texts = (0..<captures.count).map { index in
                String(decoding: path[Int(captures[index].offset)..<captures[index].end], as: UTF8.self)
            }
            return (answer, texts)
        }
    }
}
