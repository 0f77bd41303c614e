import HTTPWire

/// `GET /path?query host=a:80 body=none keep`, with `form=` and `scheme=` before the body, `close`, `minor=0`, `upgrade=`,
/// `continue`, `trailers` behind it, then the fields that are passed on as `name=value`, Host left out.
func describe(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer, ofThisHop: Bool = true) -> String {
    var words = [head.methodText.text(in: bytes), head.path.text(in: bytes)]
    if head.hasQuery { words[1] += "?" + head.query.text(in: bytes) }
    words.append("host=" + head.authority.text(in: bytes))
    if head.form != .origin { words.append("form=\(head.form)") }
    if !head.scheme.isEmpty { words.append("scheme=" + head.scheme.text(in: bytes)) }
    words.append("body=\(head.framing)")
    if ofThisHop { words += hop(head.minorVersion, head.isPersistent, head.upgrade.text(in: bytes)) }
    if head.expectsContinue { words.append("continue") }
    if head.acceptsTrailers && ofThisHop { words.append("trailers") }
    return (words + passed(head.fields, bytes)).joined(separator: " ")
}

/// `200 reason=OK body=length(3) keep`, with `interim`, `declared=` where a length frames nothing, and as for requests.
func describe(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, ofThisHop: Bool = true) -> String {
    var words = ["\(head.status)"]
    if !head.reason.isEmpty { words.append("reason=" + head.reason.text(in: bytes)) }
    words.append("body=\(head.framing)")
    if ofThisHop { words += hop(head.minorVersion, head.isPersistent, head.upgrade.text(in: bytes)) }
    if head.isInterim { words.append("interim") }
    if let length = head.contentLength, head.framing == .none { words.append("declared=\(length)") }
    return (words + passed(head.fields, bytes)).joined(separator: " ")
}

/// What concerns this connection only.
private func hop(_ minor: UInt8, _ isPersistent: Bool, _ upgrade: String) -> [String] {
    var words = [isPersistent ? "keep" : "close"]
    if minor == 0 { words.append("minor=0") }
    if !upgrade.isEmpty { words.append("upgrade=" + upgrade) }
    return words
}

private func passed(_ fields: [Field], _ bytes: UnsafeRawBufferPointer) -> [String] {
    fields.filter { !$0.isHopByHop && $0.known != .host }.map { field in
        field.name.text(in: bytes) + "=" + field.value.text(in: bytes)
    }
}
