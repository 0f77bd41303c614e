import Base
import Glibc
import LogArchive
import Synchronization
import TestKit

/// What every call of a dead machine throws.
let machineIsDead = ApusError(code: "machine-dead", "the simulated machine has lost its power")

/// Power, shared by disk and store: it goes at a chosen call.
final class Power: Sendable {
    private struct State {
        var calls = 0
        var diesAt: Int?
        var isDead = false
        var random: SeededGenerator
        var faultRate = 0.0
    }

    private let state: Mutex<State>

    init(seed: UInt64) {
        state = Mutex(State(random: SeededGenerator(seed: seed)))
    }

    var calls: Int { state.withLock { $0.calls } }
    var isDead: Bool { state.withLock { $0.isDead } }

    /// The machine dies at the `call`-th call from now on.
    func start(diesAfter call: Int?, faultRate: Double = 0) {
        state.withLock { state in
            state.calls = 0
            state.diesAt = call
            state.isDead = false
            state.faultRate = faultRate
        }
    }

    /// One call: false when the machine is dead, or dies now.
    func spend() -> Bool {
        state.withLock { state in
            if state.isDead { return false }
            state.calls += 1
            if let limit = state.diesAt, state.calls >= limit { state.isDead = true }
            return !state.isDead
        }
    }

    func chance(_ share: Double) -> Bool {
        state.withLock { Double.random(in: 0..<1, using: &$0.random) < share }
    }

    func number(_ range: Range<Int>) -> Int {
        state.withLock { Int.random(in: range, using: &$0.random) }
    }

    var hasFault: Bool {
        state.withLock { $0.faultRate > 0 && Double.random(in: 0..<1, using: &$0.random) < $0.faultRate }
    }
}

/// A disk that forgets what was not synced: names until their folder is synced, bytes until their file is. What of it
/// survives a loss of power is drawn by lot, file by file and name by name, as a real one may have written it or not.
final class SimulatedDisk: LogDisk {
    final class Inode {
        var bytes: [UInt8]
        var durable: [UInt8]
        var mode: UInt32
        var modified: Int64
        let number: UInt64
        /// Bytes that were cut off at the front since the last sync.
        var pendingCut = 0
        /// Blocks by number, so that a collapsed file is told from one that is not.
        var firstBlock: UInt64

        init(number: UInt64, mode: UInt32, modified: Int64) {
            self.number = number
            self.mode = mode
            self.modified = modified
            bytes = []
            durable = []
            firstBlock = number << 20
        }
    }

    struct State {
        /// By folder, by name.
        var folders: [String: [String: Inode]] = [:]
        var durableFolders: [String: [String: Inode]] = [:]
        var nextInode: UInt64 = 100
        var full = false
    }

    /// `@unchecked`: everything is under one lock.
    final class Box: @unchecked Sendable {
        let lock = SimulationLock()
        var state = State()
    }

    let box = Box()
    let power: Power
    let time: ManualTime
    let collapses: Bool

    init(power: Power, time: ManualTime, collapses: Bool) {
        self.power = power
        self.time = time
        self.collapses = collapses
    }

    func with<Result>(_ body: (inout State) throws(ApusError) -> Result) throws(ApusError) -> Result {
        box.lock.lock()
        defer { box.lock.unlock() }
        return try body(&box.state)
    }

    func peek<Result>(_ body: (inout State) -> Result) -> Result {
        box.lock.lock()
        defer { box.lock.unlock() }
        return body(&box.state)
    }

    func makeFolder(_ path: String) {
        peek { state in
            state.folders[path] = [:]
            state.durableFolders[path] = [:]
        }
    }

    func folder(_ path: String, as account: DiskAccount?) throws(ApusError) -> any LogFolder {
        guard power.spend() else { throw machineIsDead }
        return try with { (state) throws(ApusError) in
            guard state.folders[path] != nil else {
                throw ApusError(code: "folder-missing", "no folder \(path)")
            }
            return SimulatedFolder(disk: self, path: path)
        }
    }

    func unnamable(_ pattern: String) -> [String] { [] }

    func matches(_ pattern: String) -> [String] {
        let (folder, name) = Archive.split(pattern)
        return peek { state in
            (state.folders[folder] ?? [:]).keys.filter { fnmatch(name, $0, 0) == 0 }.sorted().map { "\(folder)/\($0)" }
        }
    }

    /// The power comes back: what was synced is there, of the rest what chance wants.
    func recover() {
        peek { state in
            for (path, names) in state.folders {
                var survivors = state.durableFolders[path] ?? [:]
                // Each change of a name since the last sync has reached the disk, or not; a rename as a whole.
                let changed = Set(names.keys).union(survivors.keys).filter { names[$0] !== survivors[$0] }
                if !changed.isEmpty, power.chance(0.5) { survivors = names }
                state.folders[path] = survivors
                state.durableFolders[path] = survivors
            }
            var seen: Set<UInt64> = []
            for file in state.folders.values.flatMap({ $0.values }) where seen.insert(file.number).inserted {
                if file.pendingCut > 0 { settleCut(file) }
                guard file.bytes != file.durable else { continue }
                file.bytes = power.chance(0.5) ? torn(file) : file.durable
                file.durable = file.bytes
            }
        }
    }

    private func settleCut(_ file: Inode) {
        let cut = file.pendingCut
        file.pendingCut = 0
        if power.chance(0.5) {
            file.durable = Array(file.durable.dropFirst(cut))
        } else {
            file.bytes = Array(file.durable.prefix(cut)) + file.bytes
            file.firstBlock -= UInt64(Int64(cut) / SimulatedFile.block)
        }
    }

    /// What was written since the last sync has reached the disk up to some byte.
    private func torn(_ file: Inode) -> [UInt8] {
        let (new, old) = (file.bytes, file.durable)
        let common = zip(new, old).prefix { $0 == $1 }.count
        let upTo = new.count > common ? power.number(common..<new.count + 1) : common
        return new.count >= old.count ? Array(new[..<upTo]) : new + old[new.count...]
    }

    func content(_ path: String) -> [UInt8]? {
        let (folder, name) = Archive.split(path)
        return peek { $0.folders[folder]?[name]?.bytes }
    }

    /// A writer appends, and makes its log where it is missing. It syncs nothing, as writers do not: what it wrote is
    /// durable here, because its loss would not be ours.
    func append(_ path: String, _ bytes: [UInt8]) {
        let (folder, name) = Archive.split(path)
        let now = time.wallNow().nanosecondsSince1970
        peek { state in
            let file =
                state.folders[folder]?[name]
                ?? {
                    state.nextInode += 1
                    let made = Inode(number: state.nextInode, mode: 0o640, modified: now)
                    state.folders[folder, default: [:]][name] = made
                    return made
                }()
            file.bytes += bytes
            file.durable += bytes
            file.modified = now
            // Changes of names reach the disk in their order: with this one all before it.
            if state.durableFolders[folder]?[name] !== file { state.durableFolders[folder] = state.folders[folder] }
        }
    }
}

final class SimulatedFolder: LogFolder {
    let disk: SimulatedDisk
    let path: String

    init(disk: SimulatedDisk, path: String) {
        self.disk = disk
        self.path = path
    }

    private func change<Result>(
        _ body: (inout SimulatedDisk.State, inout [String: SimulatedDisk.Inode]) throws(ApusError) -> Result
    ) throws(ApusError) -> Result {
        guard disk.power.spend() else { throw machineIsDead }
        return try disk.with { (state) throws(ApusError) in
            var names = state.folders[path] ?? [:]
            let result = try body(&state, &names)
            state.folders[path] = names
            return result
        }
    }

    func names() throws(ApusError) -> [String] {
        try change { (_, names) throws(ApusError) in names.keys.sorted() }
    }

    func status(_ name: String) throws(ApusError) -> FileState? {
        try change { (_, names) throws(ApusError) in names[name].map { SimulatedFile.state($0) } }
    }

    func open(_ name: String, _ access: FileAccess, allowHardLinks: Bool) throws(ApusError) -> any LogFile {
        try change { (_, names) throws(ApusError) in
            guard let inode = names[name] else { throw ApusError(code: "file-missing", "no \(name)") }
            return SimulatedFile(disk: disk, inode: inode)
        }
    }

    func create(_ name: String, _ attributes: FileAttributes) throws(ApusError) -> any LogFile {
        try change { (state, names) throws(ApusError) in
            guard names[name] == nil else { throw ApusError(code: "file-exists", "\(name) is there") }
            if state.full || disk.power.hasFault { throw ApusError(code: "disk-full", "no room", canRetry: true) }
            state.nextInode += 1
            let made = SimulatedDisk.Inode(
                number: state.nextInode, mode: attributes.mode, modified: disk.time.wallNow().nanosecondsSince1970)
            names[name] = made
            return SimulatedFile(disk: disk, inode: made)
        }
    }

    func rename(_ name: String, to folder: any LogFolder, as newName: String) throws(ApusError) {
        guard let folder = folder as? SimulatedFolder, folder.path == path else { preconditionFailure("one folder") }
        try change { (_, names) throws(ApusError) in
            guard let inode = names[name] else { throw ApusError(code: "file-missing", "no \(name)") }
            guard names[newName] == nil else { throw ApusError(code: "file-exists", "\(newName) is there") }
            names[name] = nil
            names[newName] = inode
        }
    }

    func replace(_ name: String, by newContent: String) throws(ApusError) {
        try change { (_, names) throws(ApusError) in
            guard let inode = names[newContent] else { throw ApusError(code: "file-missing", "no \(newContent)") }
            names[newContent] = nil
            names[name] = inode
        }
    }

    func remove(_ name: String, _ identity: FileIdentity) throws(ApusError) {
        try change { (_, names) throws(ApusError) in
            if let inode = names[name], inode.number == identity.inode { names[name] = nil }
        }
    }

    func sync() throws(ApusError) {
        try change { (state, names) throws(ApusError) in state.durableFolders[path] = names }
    }

    func subfolder(_ name: String, make: FileAttributes?) throws(ApusError) -> any LogFolder {
        throw ApusError(code: "folder-missing", "no folders below")
    }
}

/// `@unchecked`: its inode is touched under the disk's lock only.
final class SimulatedFile: LogFile, @unchecked Sendable {
    static let block: Int64 = 16

    private let disk: SimulatedDisk
    private let inode: SimulatedDisk.Inode

    init(disk: SimulatedDisk, inode: SimulatedDisk.Inode) {
        self.disk = disk
        self.inode = inode
    }

    static func state(_ inode: SimulatedDisk.Inode) -> FileState {
        let time = WallInstant(nanosecondsSince1970: inode.modified)
        return FileState(
            identity: FileIdentity(device: 1, inode: inode.number), size: Int64(inode.bytes.count), mode: inode.mode,
            user: 0, group: 0, links: 1, isRegular: true, isFolder: false, modifiedAt: time, changedAt: time)
    }

    private func change<Result>(_ body: () throws(ApusError) -> Result) throws(ApusError) -> Result {
        guard disk.power.spend() else { throw machineIsDead }
        return try disk.with { (_) throws(ApusError) in try body() }
    }

    func state() throws(ApusError) -> FileState { try change { () throws(ApusError) in SimulatedFile.state(inode) } }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(ApusError) -> Int {
        try change { () throws(ApusError) in
            let start = min(Int(offset), inode.bytes.count)
            let piece = inode.bytes[start..<min(inode.bytes.count, start + buffer.count)]
            buffer.copyBytes(from: piece)
            return piece.count
        }
    }

    func write(_ content: UnsafeRawBufferPointer, at offset: Int64) throws(ApusError) {
        if disk.power.hasFault || disk.peek({ $0.full }) {
            throw ApusError(code: "disk-full", "no room", canRetry: true)
        }
        let isAlive = disk.power.spend()
        try disk.with { (_) throws(ApusError) in
            // Death in the middle of a write leaves a part of it in memory, which may reach the disk.
            let count = isAlive ? content.count : content.count / 2
            let end = Int(offset) + count
            if inode.bytes.count < end { inode.bytes += [UInt8](repeating: 0, count: end - inode.bytes.count) }
            inode.bytes.replaceSubrange(Int(offset)..<end, with: content[..<count])
            inode.modified = disk.time.wallNow().nanosecondsSince1970
            if !isAlive { throw machineIsDead }
        }
    }

    func truncate(to size: Int64) throws(ApusError) {
        try change { () throws(ApusError) in
            if inode.bytes.count > size { inode.bytes.removeLast(inode.bytes.count - Int(size)) }
        }
    }

    func setModified(_ time: WallInstant) throws(ApusError) {
        try change { () throws(ApusError) in inode.modified = time.nanosecondsSince1970 }
    }

    func sync() throws(ApusError) {
        try change { () throws(ApusError) in
            inode.durable = inode.bytes
            inode.pendingCut = 0
        }
    }

    /// Atomic: after a loss of power it has happened, or not at all, and is sure after a sync.
    func collapse(_ length: Int64) throws(ApusError) {
        try change { () throws(ApusError) in
            inode.bytes.removeFirst(Int(length))
            inode.firstBlock += UInt64(length / SimulatedFile.block)
            inode.pendingCut += Int(length)
        }
    }

    var collapseUnit: Int64? { disk.collapses ? SimulatedFile.block : nil }
    func firstBlock() -> UInt64? { disk.collapses ? disk.peek { _ in inode.firstBlock } : nil }
    func lock() throws(ApusError) {}
    func hasWriters() -> Bool? { false }
    /// Its writers are always there, so that what they need is what is tried.
    func keepOthersOut() -> Bool { false }
    var keepsOthersOut: Bool { false }
    func letOthersIn() {}
}
