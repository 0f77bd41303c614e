import Glibc

/// A pattern of glob(7) for whole names: `*` (also across `/`), `?`, `[a-z]`.
package struct GlobPattern: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package func matches(_ name: RawName) -> Bool {
        name.bytes.withUnsafeBufferPointer { bytes in
            // fnmatch(3) reads to the first zero byte; a name of the kernel holds none.
            let name = bytes.map { CChar(bitPattern: $0) } + [0]
            return fnmatch(text, name, 0) == 0
        }
    }

    package func matches(_ text: String) -> Bool {
        fnmatch(self.text, text, 0) == 0
    }
}
