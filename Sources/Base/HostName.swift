import Glibc

/// The name of this host as the kernel knows it (gethostname(2)).
package enum HostName {
    package static func current() -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let result = buffer.withUnsafeMutableBytes { bytes in
            gethostname(bytes.assumingMemoryBound(to: CChar.self).baseAddress!, bytes.count - 1)
        }
        let name = String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        return result == 0 && !name.isEmpty ? name : "localhost"
    }
}
