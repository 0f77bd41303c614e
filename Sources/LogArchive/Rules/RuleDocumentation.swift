import Settings

/// The reference of rule files, from the same table that reads them.
package enum RuleDocumentation {
    /// `docs/logs-rules.md`, with a final newline.
    package static var markdown: String {
        let section = SettingsSection("rule", summary, RuleSettings.self)
        let body = SettingsSchema([section]).documentation
        // Keys stand at the top of a rule's file: there is no section around them.
        return heading
            + body.replacing("## `rule`\n", with: "## Keys at the top\n").replacing("### `rule.", with: "### `")
    }

    /// The JSON Schema (draft 2020-12) of a rule file, for editors.
    package static var jsonSchema: String {
        SettingsReader.jsonSchema(of: RuleSettings.self, title: "A rule of apus logs")
    }

    private static let summary =
        "A file holds one rule and is called after it: `nginx.yaml` is the rule `nginx`. A log that two rules match "
        + "belongs to the first, in the order of their names."

    private static let heading = """
        # Rules of `apus logs`

        <!-- Written by `apus logs explain`. Do not edit: change the settings' types. -->

        Each `*.yaml` of the rule folder is a rule: which logs, when they are rotated, and where their generations go.

        ```yaml
        paths: ["/var/log/nginx/*.log"]
        rotate: { keep: 14, size: "100M" }
        compress: { algorithm: zstd, level: 9 }
        encrypt: { method: aes-256-gcm, key_id: "kms://prod/log-enc" }
        upload: { target: "s3://my-bucket/logs/", region: "cn-hangzhou" }
        ```


        """
}
