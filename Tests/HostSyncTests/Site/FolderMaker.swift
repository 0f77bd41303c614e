import Base
import Glibc

/// Makes folders below a temporary one.
enum FolderMaker {
    static func make(_ root: String, _ names: [String]) throws -> [String] {
        try names.map { name in
            guard mkdir("\(root)/\(name)", 0o755) == 0 else { throw Files.failure("mkdir", "cannot make \(name)") }
            return "\(root)/\(name)"
        }
    }
}
