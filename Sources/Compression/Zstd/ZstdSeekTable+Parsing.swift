package import Base

/// Reading a table that anyone may have written: first the last `footerSize` bytes of the file, which tell the table's
/// size, then the table. Nothing is believed that does not agree with the rest: counts, sizes, sums and the file's
/// length.
extension ZstdSeekTable {
    private static let checksumFlag: UInt8 = 0x80
    private static let reservedBits: UInt8 = 0x7C

    /// How many bytes the table has that these last bytes of a file end, the footer among them.
    ///
    /// - Parameter footer: At least the last `footerSize` bytes; what stands before is not looked at.
    /// - Throws: `ApusError` `zstd-no-seek-table` when the file does not end in one, `zstd-seek-table` when it is
    ///   damaged.
    package static func tableSize(fromFooter footer: [UInt8]) throws(ApusError) -> Int {
        let (count, entry) = try readFooter(footer)
        return headerSize + count * entry + footerSize
    }

    /// Reads the table at the end of a file.
    ///
    /// - Parameters:
    ///   - tail: The last bytes of the file, the whole table among them (`tableSize(fromFooter:)`).
    ///   - fileSize: Of the whole file in bytes.
    /// - Throws: `ApusError` `zstd-no-seek-table` or `zstd-seek-table`.
    package init(tail: [UInt8], fileSize: Int64) throws(ApusError) {
        let (count, entry) = try ZstdSeekTable.readFooter(tail)
        let size = ZstdSeekTable.headerSize + count * entry + ZstdSeekTable.footerSize
        guard size <= tail.count, Int64(tail.count) <= fileSize else {
            throw ZstdSeekTable.damaged("\(size) bytes of table do not fit into the file")
        }
        let start = tail.count - size
        guard tail.littleEndian(at: start) == ZstdSeekTable.skippableMagic,
            Int(tail.littleEndian(at: start + 4)) == size - ZstdSeekTable.headerSize
        else { throw ZstdSeekTable.damaged("no skippable frame of \(size) bytes begins where it should") }
        self.init()
        for index in 0..<count {
            let place = start + ZstdSeekTable.headerSize + index * entry
            try append(
                compressed: Int(tail.littleEndian(at: place)), decompressed: Int(tail.littleEndian(at: place + 4)))
        }
        guard compressedBytes == fileSize - Int64(size) else {
            throw ZstdSeekTable.damaged(
                "its frames have \(compressedBytes) bytes, the file has \(fileSize - Int64(size)) before it")
        }
    }

    private static func readFooter(_ tail: [UInt8]) throws(ApusError) -> (count: Int, entry: Int) {
        guard tail.count >= footerSize, tail.littleEndian(at: tail.count - 4) == seekableMagic else {
            throw ApusError(code: "zstd-no-seek-table", "the zstd file has no seek table at its end")
        }
        let descriptor = tail[tail.count - 5]
        guard descriptor & reservedBits == 0 else { throw damaged("its descriptor has bits that mean nothing yet") }
        let count = tail.littleEndian(at: tail.count - footerSize)
        guard count <= UInt32(maximumFrames) else { throw damaged("it claims \(count) frames") }
        return (Int(count), entrySize + (descriptor & checksumFlag == 0 ? 0 : checksumSize))
    }
}

extension [UInt8] {
    /// - Precondition: Four bytes stand at `offset`.
    fileprivate func littleEndian(at offset: Int) -> UInt32 {
        (0..<4).reduce(UInt32(0)) { $0 | UInt32(self[offset + $1]) << UInt32(8 * $1) }
    }
}
