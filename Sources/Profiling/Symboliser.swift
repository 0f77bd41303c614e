private import CLinux
private import Glibc

/// Where an address lies and what the function there is called.
package struct Symbol: Hashable, Sendable {
    package let mapping: MemoryMapping?
    /// As the linker knows it; nil where no symbol covers the address.
    package let mangledName: String?
    /// For people: demangled if it is a Swift name, else the same.
    package let name: String?

    package init(mapping: MemoryMapping?, mangledName: String?, name: String?) {
        self.mapping = mapping
        self.mangledName = mangledName
        self.name = name
    }
}

/// Names addresses of this process from the symbol tables of the files that are mapped into it.
enum Symboliser {
    /// Every address gets an entry. At most 64 files are opened; addresses in others stay without a name.
    static func name(_ addresses: Set<UInt64>, mappings: [MemoryMapping]) -> [UInt64: Symbol] {
        let executable = pathOfExecutable()
        var images: [String: ELFImage?] = [:]
        var symbols: [UInt64: Symbol] = [:]
        for address in addresses {
            guard let mapping = mappings.first(where: { $0.start <= address && address < $0.end }) else {
                symbols[address] = Symbol(mapping: nil, mangledName: nil, name: nil)
                continue
            }
            if images[mapping.path] == nil, images.count < 64, mapping.path.hasPrefix("/") {
                // /proc/self/exe reaches the file that runs, also after an upgrade has replaced it on disk.
                let file = mapping.path == executable ? "/proc/self/exe" : mapping.path
                images[mapping.path] = .some(ELFImage(path: file))
            }
            let image = images[mapping.path] ?? nil
            let mangled = image?.functionName(atFileOffset: address - mapping.start + mapping.fileOffset)
            symbols[address] = Symbol(
                mapping: mapping, mangledName: mangled, name: mangled.map { demangle($0) ?? $0 })
        }
        return symbols
    }

    /// The Swift declaration behind a mangled name; nil when it is not Swift's.
    static func demangle(_ mangled: String) -> String? {
        guard let text = swift_demangle(mangled, mangled.utf8.count, nil, nil, 0) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    private static func pathOfExecutable() -> String? {
        let path = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer -> String? in
            guard let base = buffer.baseAddress else { return nil }
            let length = readlink("/proc/self/exe", base, buffer.count)
            guard length > 0 else { return nil }
            return String(decoding: UnsafeRawBufferPointer(start: base, count: length), as: UTF8.self)
        }
        guard let path else { return nil }
        let deleted = " (deleted)"
        return path.hasSuffix(deleted) ? String(path.dropLast(deleted.count)) : path
    }
}
