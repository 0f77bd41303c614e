import CLinux

/// What statfs(2) tells of a file system, in blocks of `f_frsize` bytes (not of `f_bsize`, the preferred size of a
/// transfer, which FUSE file systems set to whatever they like).
package struct FileSystemFigures: Hashable, Sendable {
    package let blockSize: UInt64
    package let blocks: UInt64
    package let freeBlocks: UInt64
    /// Free for users without privilege. Never "negative": a file system that is over-committed reports a number with
    /// the top bit set, which is zero here.
    package let availableBlocks: UInt64
    package let inodes: UInt64
    package let freeInodes: UInt64

    package init(
        blockSize: UInt64, blocks: UInt64, freeBlocks: UInt64, availableBlocks: UInt64, inodes: UInt64 = 0,
        freeInodes: UInt64 = 0
    ) {
        self.blockSize = blockSize
        self.blocks = blocks
        self.freeBlocks = min(freeBlocks, blocks)
        self.availableBlocks = availableBlocks >> 63 == 1 ? 0 : availableBlocks
        self.inodes = inodes
        self.freeInodes = min(freeInodes, inodes)
    }

    init(_ answer: apus_file_system) {
        self.init(
            blockSize: answer.block_bytes, blocks: answer.blocks, freeBlocks: answer.free_blocks,
            availableBlocks: answer.available_blocks, inodes: answer.inodes, freeInodes: answer.free_inodes)
    }

    package var usedBlocks: UInt64 { blocks - freeBlocks }
    package var usedInodes: UInt64 { inodes - freeInodes }

    package var sizeBytes: UInt64 { bytes(blocks) }
    package var usedBytes: UInt64 { bytes(usedBlocks) }
    package var freeBytes: UInt64 { bytes(freeBlocks) }
    package var availableBytes: UInt64 { bytes(availableBlocks) }

    /// Use% of `df`, to the digit. Nil where there is nothing to use.
    package var usePercent: Int? { UsePercent.of(used: usedBlocks, available: availableBlocks) }

    /// IUse% of `df -i`. Nil for file systems without a fixed number of inodes (`f_files` is 0).
    package var inodesUsePercent: Int? {
        inodes == 0 ? nil : UsePercent.of(used: usedInodes, available: freeInodes)
    }

    /// The same share without rounding, from 0 to 1, for metrics and rules.
    package var usedRatio: Double? { UsePercent.ratio(used: usedBlocks, available: availableBlocks) }
    package var inodesUsedRatio: Double? {
        inodes == 0 ? nil : UsePercent.ratio(used: usedInodes, available: freeInodes)
    }

    /// Saturates instead of wrapping: a file system may claim anything.
    private func bytes(_ blocks: UInt64) -> UInt64 {
        let (product, overflow) = blocks.multipliedReportingOverflow(by: blockSize)
        return overflow ? .max : product
    }
}

/// The percentage that `df` shows: used blocks of those that users without privilege could have, rounded up. Blocks
/// that are reserved for root are in neither number, so a disk can be 100 % full with free blocks left.
package enum UsePercent {
    package static func of(used: UInt64, available: UInt64) -> Int? {
        let total = UInt128(used) + UInt128(available)
        guard total > 0 else { return nil }
        let hundredfold = UInt128(used) * 100
        return Int(hundredfold / total) + (hundredfold % total == 0 ? 0 : 1)
    }

    package static func ratio(used: UInt64, available: UInt64) -> Double? {
        let total = Double(used) + Double(available)
        return total > 0 ? Double(used) / total : nil
    }
}
