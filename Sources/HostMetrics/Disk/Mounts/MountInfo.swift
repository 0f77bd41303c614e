/// The text of /proc/PID/mountinfo (proc_pid_mountinfo(5)) as values:
///
///     36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
///     id parent maj:min root point options [optional…] - type source superoptions
///
/// Space, tab, newline, backslash and `#` inside a field are written as a backslash with three octal digits; every such
/// escape is decoded, whatever its byte. A line that does not have this form is counted and left out: the kernel of
/// tomorrow must not blind us for all other mounts.
package struct MountInfo: Sendable, Equatable {
    package private(set) var mounts: [Mount] = []
    package private(set) var malformedLines = 0

    package init(_ text: [UInt8]) {
        for line in text.split(separator: UInt8(ascii: "\n")) {
            if let mount = MountInfo.parse(line) {
                mounts.append(mount)
            } else {
                malformedLines += 1
            }
        }
    }

    private static func parse(_ line: ArraySlice<UInt8>) -> Mount? {
        // A source may be empty (two spaces in a row), so empty fields count.
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard fields.count >= 9, let separator = fields[6...].firstIndex(where: { $0.elementsEqual("-".utf8) }),
            fields.count > separator + 3,
            let id = Int(text(fields[0])), let parentID = Int(text(fields[1])), let device = deviceNumber(fields[2])
        else { return nil }
        return Mount(
            id: id, parentID: parentID, device: device, root: RawName(decoded(fields[3])),
            mountPoint: RawName(decoded(fields[4])), type: RawName(decoded(fields[separator + 1])).description,
            source: RawName(decoded(fields[separator + 2])), options: options(fields[5]),
            superOptions: options(fields[separator + 3]))
    }

    private static func deviceNumber(_ field: ArraySlice<UInt8>) -> DeviceNumber? {
        let parts = field.split(separator: UInt8(ascii: ":"))
        guard parts.count == 2, let major = UInt32(text(parts[0])), let minor = UInt32(text(parts[1])) else {
            return nil
        }
        return DeviceNumber(major: major, minor: minor)
    }

    private static func options(_ field: ArraySlice<UInt8>) -> [String] {
        field.split(separator: UInt8(ascii: ",")).map { RawName(decoded($0)).description }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field, as: UTF8.self)
    }

    /// Replaces `\ooo` by its byte. A backslash with anything else after it stands for itself.
    static func decoded(_ field: ArraySlice<UInt8>) -> [UInt8] {
        guard field.contains(UInt8(ascii: "\\")) else { return Array(field) }
        var result = [UInt8]()
        result.reserveCapacity(field.count)
        var rest = field
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let value = octal(rest.prefix(3)) {
                result.append(value)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private static func octal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 3, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else {
            return nil
        }
        return UInt8(exactly: digits.reduce(0) { $0 * 8 + Int($1 - UInt8(ascii: "0")) })
    }
}
