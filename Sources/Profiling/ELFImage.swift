import Base
import Glibc

/// The function symbols of a 64-bit little-endian ELF file, looked up by place in the file.
///
/// The symbol table is read whole (24 bytes a symbol; some 100,000 in a release build), names one by one as they are
/// asked for. Bounds: tables of 128 MiB, names of 64 KiB. A file that is not as expected has no symbols.
final class ELFImage {
    private struct Segment {
        let fileOffset: UInt64
        let address: UInt64
        let fileSize: UInt64
    }

    private struct Section {
        let type: UInt32
        let offset: UInt64
        let size: UInt64
        let link: Int
    }

    private struct Symbol {
        let address: UInt64
        let size: UInt64
        let name: UInt32
    }

    private static let tableLimit = UInt64(128 << 20)
    private static let nameLimit = 64 << 10
    private static let symbolTable: UInt32 = 2
    private static let dynamicSymbolTable: UInt32 = 11

    private let descriptor: Int32
    private var segments: [Segment] = []
    private var symbols: [Symbol] = []
    private var namesOffset: UInt64 = 0

    init?(path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        guard let header = read(at: 0, count: 64), Array(header.prefix(6)) == [0x7F, 0x45, 0x4C, 0x46, 2, 1] else {
            return nil
        }
        segments = readSegments(header)
        readSymbols(readSections(header))
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The mangled name of the function that holds the byte at `fileOffset`; nil where no symbol covers it.
    func functionName(atFileOffset fileOffset: UInt64) -> String? {
        let holder = segments.first { fileOffset >= $0.fileOffset && fileOffset - $0.fileOffset < $0.fileSize }
        guard let segment = holder else { return nil }
        let address = segment.address + (fileOffset - segment.fileOffset)
        var low = 0
        var high = symbols.count
        while low < high {
            let middle = (low + high) / 2
            if symbols[middle].address <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let symbol = symbols[low - 1]
        // Assembly often states no size: such a symbol reaches to the next one.
        guard symbol.size == 0 || address - symbol.address < symbol.size else { return nil }
        return name(symbol.name)
    }

    private func readSegments(_ header: [UInt8]) -> [Segment] {
        let offset = header.integer(at: 32, as: UInt64.self)
        let (size, count) = (56, Int(header.integer(at: 56, as: UInt16.self)))
        guard let table = read(at: offset, count: size * count) else { return [] }
        return (0..<count).compactMap { index in
            let entry = index * size
            guard table.integer(at: entry, as: UInt32.self) == 1 else { return nil }
            return Segment(
                fileOffset: table.integer(at: entry + 8, as: UInt64.self),
                address: table.integer(at: entry + 16, as: UInt64.self),
                fileSize: table.integer(at: entry + 32, as: UInt64.self))
        }
    }

    private func readSections(_ header: [UInt8]) -> [Section] {
        let offset = header.integer(at: 40, as: UInt64.self)
        let (size, count) = (64, Int(header.integer(at: 60, as: UInt16.self)))
        guard let table = read(at: offset, count: size * count) else { return [] }
        return (0..<count).map { index in
            let entry = index * size
            return Section(
                type: table.integer(at: entry + 4, as: UInt32.self),
                offset: table.integer(at: entry + 24, as: UInt64.self),
                size: table.integer(at: entry + 32, as: UInt64.self),
                link: Int(table.integer(at: entry + 40, as: UInt32.self)))
        }
    }

    private func readSymbols(_ sections: [Section]) {
        let table =
            sections.first { $0.type == Self.symbolTable } ?? sections.first { $0.type == Self.dynamicSymbolTable }
        guard let table, sections.indices.contains(table.link), table.size <= Self.tableLimit,
            let bytes = read(at: table.offset, count: Int(table.size))
        else { return }
        namesOffset = sections[table.link].offset
        for entry in stride(from: 0, to: bytes.count - 23, by: 24) {
            let kind = bytes[entry + 4] & 0xF
            let isDefined = bytes.integer(at: entry + 6, as: UInt16.self) != 0
            let isFunction = kind == 2 || kind == 10  // STT_FUNC, STT_GNU_IFUNC
            guard isFunction, isDefined else { continue }
            symbols.append(
                Symbol(
                    address: bytes.integer(at: entry + 8, as: UInt64.self),
                    size: bytes.integer(at: entry + 16, as: UInt64.self),
                    name: bytes.integer(at: entry, as: UInt32.self)))
        }
        symbols.sort { ($0.address, $0.size) < ($1.address, $1.size) }
    }

    private func name(_ offset: UInt32) -> String? {
        var text: [UInt8] = []
        while text.count < Self.nameLimit {
            guard let chunk = read(at: namesOffset + UInt64(offset) + UInt64(text.count), count: 256, orLess: true),
                !chunk.isEmpty
            else { return nil }
            if let end = chunk.firstIndex(of: 0) {
                text += chunk[..<end]
                return String(decoding: text, as: UTF8.self)
            }
            text += chunk
        }
        return nil
    }

    private func read(at offset: UInt64, count: Int, orLess: Bool = false) -> [UInt8]? {
        guard offset <= UInt64(Int.max - count) else { return nil }
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let result = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset) + filled)
                if result < 0 && errno == EINTR { continue }
                if result <= 0 {
                    failed = result < 0
                    return
                }
                filled += result
            }
        }
        return failed || (bytes.count < count && !orLess) ? nil : bytes
    }
}

extension [UInt8] {
    /// The little-endian integer at `offset`; the caller has checked the bounds, and an index outside stops the program.
    fileprivate func integer<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
        precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count)
        return withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
    }
}
