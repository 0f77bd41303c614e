/// The four shapes of the protobuf wire format that profile.proto needs. A generated message would bring swift-protobuf
/// along for one message that is written and never read.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    /// `int64` and `uint64`. Zero is the default and is left out, as proto3 says.
    mutating func integer(_ field: Int, _ value: Int64) {
        integer(field, UInt64(bitPattern: value))
    }

    mutating func integer(_ field: Int, _ value: UInt64) {
        guard value != 0 else { return }
        key(field, wireType: 0)
        varint(value)
    }

    mutating func boolean(_ field: Int, _ value: Bool) {
        integer(field, value ? 1 as UInt64 : 0)
    }

    /// Written also when it is empty: the first entry of a string table is.
    mutating func string(_ field: Int, _ text: String) {
        delimited(field, Array(text.utf8))
    }

    /// A repeated number in packed form.
    mutating func packed(_ field: Int, _ values: [UInt64]) {
        var inner = ProtobufWriter()
        for value in values { inner.varint(value) }
        delimited(field, inner.bytes)
    }

    mutating func message(_ field: Int, _ fill: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        fill(&inner)
        delimited(field, inner.bytes)
    }

    private mutating func delimited(_ field: Int, _ content: [UInt8]) {
        key(field, wireType: 2)
        varint(UInt64(content.count))
        bytes += content
    }

    private mutating func key(_ field: Int, wireType: UInt64) {
        varint(UInt64(field) << 3 | wireType)
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
