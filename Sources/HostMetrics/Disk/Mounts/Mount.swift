/// A name as the kernel has it: bytes, which are usually UTF-8 and need not be.
package struct RawName: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(stringLiteral text: String) {
        bytes = Array(text.utf8)
    }

    /// For people, JSON and label values: UTF-8 as it is, every byte that is not part of it as `\xff`. Unlike U+FFFD
    /// this keeps two broken names apart, which would else become one metric series.
    package var description: String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var result = ""
        var rest = bytes[...]
        while let byte = rest.first {
            let length = (1...4).first { String(validating: rest.prefix($0), as: UTF8.self) != nil && $0 <= rest.count }
            if let length {
                result += String(decoding: rest.prefix(length), as: UTF8.self)
                rest = rest.dropFirst(length)
            } else {
                result += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}

/// The number of a device, `major:minor`, as stat(2) gives it in `st_dev`.
package struct DeviceNumber: Hashable, Sendable {
    package let major: UInt32
    package let minor: UInt32

    package init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }
}

/// One line of mountinfo: a file system, or a part of one, at a place.
package struct Mount: Hashable, Sendable {
    /// The kernel's number of this mount; it may be used again after the mount is gone.
    package let id: Int
    package let parentID: Int
    package let device: DeviceNumber
    /// What of the file system is mounted here: `/`, or the source folder of a bind mount, or a btrfs subvolume.
    package let root: RawName
    package let mountPoint: RawName
    package let type: String
    /// What was mounted: `/dev/sda1`, `server:/export`, `tmpfs`.
    package let source: RawName
    /// Options of this mount, and of the file system behind it.
    package let options: [String]
    package let superOptions: [String]

    package init(
        id: Int, parentID: Int, device: DeviceNumber, root: RawName = "/", mountPoint: RawName, type: String,
        source: RawName, options: [String] = ["rw"], superOptions: [String] = ["rw"]
    ) {
        self.id = id
        self.parentID = parentID
        self.device = device
        self.root = root
        self.mountPoint = mountPoint
        self.type = type
        self.source = source
        self.options = options
        self.superOptions = superOptions
    }

    /// Nobody can write here: the mount is read-only, or its file system is, or ext4 made it so after an error without
    /// changing `rw` (`emergency_ro`, Linux 6.15; `shutdown` after an EXT4_IOC_SHUTDOWN or on a dead device).
    package var isReadOnly: Bool {
        options.contains("ro") || superOptions.contains { $0 == "ro" || $0 == "emergency_ro" || $0 == "shutdown" }
    }

    /// An automount trigger, not a file system: touching it would mount what lies behind. It is never sampled.
    package var isAutomountTrigger: Bool { type == "autofs" }

    /// What stays the same as long as this is the same mount.
    package var identity: MountIdentity { MountIdentity(id: id, device: device, mountPoint: mountPoint) }
}

/// Tells one mount from another over time: a number that is used again comes with another device or place.
package struct MountIdentity: Hashable, Sendable {
    package let id: Int
    package let device: DeviceNumber
    package let mountPoint: RawName
}
