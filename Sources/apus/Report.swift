import Base
import Daemon
import Glibc
import Settings
import Terminal

/// What a command says on standard error before it ends.
enum Report {
    static func error(_ message: String) {
        line("apus: \(message)")
    }

    static func complaints(_ refused: ConfigurationRefused) {
        for complaint in refused.complaints { line(refused.isUnreadable ? "apus: \(complaint)" : complaint) }
        if !refused.isUnreadable {
            line("apus: \(Count.of(refused.complaints.count, "complaint"))")
        }
    }

    static func complaints(_ complaints: [Complaint]) {
        for complaint in complaints { line(complaint.description) }
        let errors = complaints.count { $0.severity == .error }
        line("apus: \(Count.of(errors, "complaint"))")
    }

    static func line(_ text: String) {
        try? Files.writeAll(Array((text + "\n").utf8), to: STDERR_FILENO, name: "standard error")
    }

    static func output(_ text: String) throws(ApusError) {
        try Files.writeAll(Array(text.utf8), to: STDOUT_FILENO, name: "standard output")
    }
}
