import ArgumentParser

/// `apus logs`, also as `logsyncd`: logs rotated, compressed, encrypted, stored, and got back.
struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rotate, compress, encrypt and store logs by rules, and get them back.",
        discussion: """
            A rule is a file of a folder: which logs, when they are rotated, how they are sealed, where they are stored.
            Nothing is lost and nothing is stored twice, whatever dies on the way: each step is in a journal before the
            next begins. As a daemon it is the component logsync of `apus run`, or `apus logs run`.

            EXAMPLES
              apus logs import /etc/logrotate.d --to /etc/logsyncd/rules    take logrotate's configuration over
              apus logs plan                                          what would be rotated now, and why
              apus logs rotate                                        rotate what is due, and store it
              apus logs cat /var/log/nginx/access.log --from 2h       read what was archived
              apus logs verify --all                                  prove the archive
            """,
        subcommands: [
            LogsRun.self, LogsRotate.self, LogsPlan.self, LogsStatus.self, LogsCheck.self, LogsList.self, LogsCat.self,
            LogsFetch.self, LogsRestore.self, LogsVerify.self, LogsDecrypt.self, LogsKey.self, LogsRewrap.self,
            LogsImport.self, LogsExplain.self,
        ])
}
