import ArgumentParser
import Base
import Glibc
import HostSync

/// `apus sync init [FILE]`: a site to begin with.
struct SyncInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a small site file to begin with. A file that is there is never overwritten.",
        discussion: """
            EXAMPLES
              apus sync init
              apus sync init hosts/site.yaml
            """)

    @Argument(help: "Where to write it.", completion: .file())
    var file = "site.yaml"

    func run() throws {
        guard access(file, F_OK) != 0 else {
            throw ApusError(code: "file-exists", "\(file) is there already; nothing was written")
        }
        try Files.writeAtomically(Array(SiteExample.text.utf8), to: file)
        try Report.output("wrote \(file); next:\n  apus sync plan \(file) --local\n  apus sync apply \(file) --local\n")
    }
}
