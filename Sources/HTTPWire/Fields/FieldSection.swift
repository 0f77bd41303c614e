extension HeadReader {
    /// Reads field lines up to the empty line. Fields above the limit are counted and not kept; the head's own limit bounds
    /// their number.
    @inline(__always)
    mutating func fields(into fields: inout [Field], _ limits: HeadLimits) throws(Stop) -> FieldFacts {
        var facts = FieldFacts()
        var surplus = 0
        fields.removeAll(keepingCapacity: true)
        while try !endOfFields() {
            let field = try field(maximum: limits.fieldBytes)
            try facts.note(field, base)
            if fields.count < limits.fields { fields.append(field) } else { surplus &+= 1 }
        }
        guard surplus == 0 else { throw .refused(.tooManyFields) }
        return facts
    }
}
