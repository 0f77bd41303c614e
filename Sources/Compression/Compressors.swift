import CZlib
import CZstd

/// Which compressors are linked in: another version may make other bytes of the same content.
package enum Compressors {
    package static var version: String {
        "zstd-\(String(cString: ZSTD_versionString())) zlib-\(String(cString: zlibVersion()))"
    }
}
