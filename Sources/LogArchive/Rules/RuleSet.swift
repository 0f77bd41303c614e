import Glibc
package import Settings

/// The rules in effect, in the order of their names. A log that two of them match belongs to the first.
package struct RuleSet: Sendable {
    package struct Rule: Sendable {
        /// The file's name without `.yaml`: it names the rule in metrics, journals and messages.
        package let name: String
        package let file: String
        package let settings: RuleSettings

        package init(name: String, file: String, settings: RuleSettings) {
            self.name = name
            self.file = file
            self.settings = settings
        }

        /// Whether the log is one of its own by its path, be it there or not.
        func names(_ log: String) -> Bool {
            settings.paths.contains { fnmatch($0, log, FNM_PATHNAME | FNM_PERIOD) == 0 }
                && !settings.exclude.contains { fnmatch($0, log, 0) == 0 }
        }
    }

    package let rules: [Rule]
    package let warnings: [Complaint]
    /// SHA-256 over the names, the files' bytes and what they mean, in hexadecimal. Sets with the same fingerprint are the
    /// same; a secret that a reference brings is not in it.
    package let fingerprint: String

    package init(rules: [Rule], warnings: [Complaint] = [], fingerprint: String = "") {
        self.rules = rules
        self.warnings = warnings
        self.fingerprint = fingerprint
    }
}

/// Rules that cannot be used: everything that is wrong with them, warnings too. Exit code 65.
package struct RuleRefused: Error, Sendable {
    package let complaints: [Complaint]
}
