package import Base
import CZstd

/// How hard to try, and with how much memory.
package struct ZstdOptions: Sendable, Equatable {
    package static let levels = 1...22
    package static let windowLogs = 10...31
    package static let workerCounts = 0...64

    /// 1...22. On logs, 15 costs about 8 times the processor time of 9 for 18 % less output.
    package var level: Int
    /// Whether each frame ends in the low 32 bits of the content's XXH64.
    package var checksum: Bool
    /// Matches are sought up to 2^this bytes back (10...31). Above 27, readers must be told (`zstd -d --long=31`).
    package var longWindowLog: Int?
    /// Threads of libzstd's own; 0 compresses on the caller's.
    package var workers: Int

    package init(level: Int = 3, checksum: Bool = true, longWindowLog: Int? = nil, workers: Int = 0) {
        self.level = level
        self.checksum = checksum
        self.longWindowLog = longWindowLog
        self.workers = workers
    }

    /// - Throws: `ApusError` `zstd-options` with the value that is out of its range.
    package func check() throws(ApusError) {
        try check("level", level, ZstdOptions.levels)
        if let longWindowLog { try check("longWindowLog", longWindowLog, ZstdOptions.windowLogs) }
        try check("workers", workers, ZstdOptions.workerCounts)
    }

    private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(ApusError) {
        if range.contains(value) { return }
        throw ApusError(
            code: "zstd-options", "zstd: \(name) is \(value), and can be \(range.lowerBound) to \(range.upperBound)",
            kind: .declaration)
    }
}

/// The one owner of a `ZSTD_CCtx`.
struct ZstdCompressionContext: ~Copyable {
    let pointer: OpaquePointer

    init(_ options: ZstdOptions) throws(ApusError) {
        pointer = try ZstdCompressionContext.make(options)
    }

    deinit { ZSTD_freeCCtx(pointer) }

    private static func make(_ options: ZstdOptions) throws(ApusError) -> OpaquePointer {
        try options.check()
        guard let context = ZSTD_createCCtx() else { throw Zstd.outOfMemory() }
        var settings = [
            (ZSTD_c_compressionLevel, options.level), (ZSTD_c_checksumFlag, options.checksum ? 1 : 0),
            (ZSTD_c_nbWorkers, options.workers),
        ]
        if let windowLog = options.longWindowLog {
            settings += [(ZSTD_c_windowLog, windowLog), (ZSTD_c_enableLongDistanceMatching, 1)]
        }
        for (parameter, value) in settings {
            let result = ZSTD_CCtx_setParameter(context, parameter, Int32(value))
            if ZSTD_isError(result) == 0 { continue }
            ZSTD_freeCCtx(context)
            throw ApusError(code: "zstd-options", "libzstd refuses an option: \(Zstd.reason(result))")
        }
        return context
    }
}
