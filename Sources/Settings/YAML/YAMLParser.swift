import CYAML

/// Turns libyaml's events into nodes, iteratively, under the limits of `YAMLLimits`.
///
/// libyaml is given text that is known to be valid UTF-8. Its marks count lines, and columns in Unicode scalars, from
/// 0. It looks ahead at most 1,024 characters (a simple key's length), so memory stays in proportion to the file.
struct YAMLParser {
    let file: String
    let limits: YAMLLimits
    private(set) var complaints = ComplaintList()
    private(set) var isBroken = false

    private var frames: [YAMLFrame] = []
    private var anchors: [String: YAMLNode] = [:]
    private var openAnchors: [String] = []
    private var aliasedNodes = 0
    private var root: YAMLNode?
    private var documents = 0

    init(file: String, limits: YAMLLimits) {
        self.file = file
        self.limits = limits
    }

    mutating func parse(_ bytes: ArraySlice<UInt8>) -> YAMLNode? {
        // On the heap: the parser keeps pointers to itself.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            stop(at: .start, "there is not enough memory to read the file")
            return nil
        }
        defer { yaml_parser_delete(parser) }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            readEvents(parser, YAMLSyntax(text: buffer))
        }
        return root
    }

    private mutating func readEvents(_ parser: UnsafeMutablePointer<yaml_parser_t>, _ syntax: YAMLSyntax) {
        var event = yaml_event_t()
        while !isBroken {
            guard yaml_parser_parse(parser, &event) == 1 else {
                let problem = syntax.problem(of: parser.pointee)
                return stop(at: problem.position, problem.message)
            }
            defer { yaml_event_delete(&event) }
            if event.type == YAML_STREAM_END_EVENT { return }
            handle(event)
        }
    }

    private mutating func handle(_ event: yaml_event_t) {
        let position = SourcePosition(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            documents += 1
            if documents > 1 {
                stop(at: position, "a second document starts here (---), only one document is read: remove it")
            }
        case YAML_ALIAS_EVENT: alias(String(yaml: event.data.alias.anchor) ?? "", at: position)
        case YAML_SCALAR_EVENT: scalar(event, at: position)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            open(.sequence, anchor: start.anchor, tag: start.tag, at: position)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            open(.mapping, anchor: start.anchor, tag: start.tag, at: position)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: close()
        default: break
        }
    }

    private mutating func scalar(_ event: yaml_event_t, at position: SourcePosition) {
        let data = event.data.scalar
        let text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
        let tag = String(yaml: data.tag)
        let isPlain = data.style == YAML_PLAIN_SCALAR_STYLE && tag != YAMLTag.string
        if text.utf8.contains(0) { complain(at: position, "a NUL character is not allowed") }
        let isEmpty = event.start_mark.index == event.end_mark.index
        let node = YAMLNode(.scalar(YAMLScalar(text, isPlain: isPlain)), position: position, tag: tag)
        if let anchor = String(yaml: data.anchor) { anchors[anchor] = node }
        add(node, standsNowhere: isEmpty)
    }

    private mutating func alias(_ name: String, at position: SourcePosition) {
        guard let node = anchors[name] else {
            let isInside = openAnchors.contains(name)
            let why = isInside ? "stands inside what it names" : "names no anchor above it (&\(name))"
            return stop(at: position, "the alias *\(name) \(why)")
        }
        aliasedNodes += node.nodeCount
        guard aliasedNodes <= limits.aliasedNodes else {
            return stop(at: position, "aliases expand to more than \(limits.aliasedNodes) values: write fewer")
        }
        guard frames.count + node.depth <= limits.depth else { return tooDeep(at: position) }
        add(node)
    }

    private mutating func open(
        _ kind: YAMLFrame.Kind, anchor: UnsafePointer<UInt8>?, tag: UnsafePointer<UInt8>?, at position: SourcePosition
    ) {
        if let frame = frames.last, frame.wantsKey {
            let found = kind == .mapping ? "a mapping" : "a list"
            return stop(at: position, "found \(found) as a key, wanted text")
        }
        guard frames.count < limits.depth else { return tooDeep(at: position) }
        let name = String(yaml: anchor)
        if let name {
            anchors[name] = nil
            openAnchors.append(name)
        }
        frames.append(YAMLFrame(kind: kind, position: position, anchor: name, tag: String(yaml: tag)))
    }

    private mutating func close() {
        guard let frame = frames.popLast() else { return }
        let node = frame.node()
        if let anchor = frame.anchor {
            openAnchors.removeAll { $0 == anchor }
            anchors[anchor] = node
        }
        add(node)
    }

    /// Puts a finished node where it belongs: the root, an item, a key, or the value of the key before it.
    private mutating func add(_ node: YAMLNode, standsNowhere: Bool = false) {
        guard let last = frames.indices.last else {
            root = node
            return
        }
        guard frames[last].wantsKey else { return frames[last].addValue(node, standsNowhere: standsNowhere) }
        guard let key = node.scalar else {
            return stop(at: node.position, "found \(node.kindName) as a key, wanted text")
        }
        if key.isPlain, key.text == "<<" {
            complain(
                at: node.position, key: key.text,
                "merge keys are not supported: write the keys out, or alias a whole value")
            frames[last].key = .dropped
            return
        }
        if let first = frames[last].firstPosition(of: key.text) {
            complain(at: node.position, key: key.text, "duplicate key, first given at \(first): remove one")
            frames[last].key = .dropped
            return
        }
        frames[last].key = .waiting(key.text, node.position)
    }

    private mutating func tooDeep(at position: SourcePosition) {
        stop(at: position, "nested too deeply, at most \(limits.depth) levels are read")
    }

    private mutating func stop(at position: SourcePosition, _ message: String) {
        isBroken = true
        complaints.add(Complaint(file: file, position: position, message))
    }

    private mutating func complain(at position: SourcePosition, key: String? = nil, _ message: String) {
        if complaints.isFull { return complaints.add(Complaint(file: file, position: position, "")) }
        let path = SettingsPath(frames.flatMap(\.pathComponent) + (key.map { [.key($0)] } ?? []))
        complaints.add(Complaint(file: file, position: position, path: path, message))
    }
}
