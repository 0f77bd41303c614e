/// The site that `apus sync init` writes. It is examples/site.yaml of the project, and is tested as such.
package enum SiteExample {
    package static let text = """
        # A site: which hosts there are, and what they are to have.
        #   apus sync plan site.yaml     what differs
        #   apus sync apply site.yaml    change just that, and prove it
        # With --local, this host itself is brought to it, without ssh.

        hosts:
          web1: { address: 192.0.2.11, user: root, groups: [web] }
          web2: { address: 192.0.2.12, user: admin, become: true, groups: [web] }

        vars:
          greeting: Welcome

        resources:
          - directory: { path: /tmp/apus-example, mode: "0755" }

          - file:
              path: /tmp/apus-example/motd
              content: |
                {{ greeting }} to {{ facts.hostname }}, a {{ facts.os.name }} with {{ facts.cpuCount }} processors.
              mode: "0644"
            notify: tell

          - line: { path: /tmp/apus-example/app.conf, regexp: "^port=", line: port=8080, create: true }

        # A handler runs once, at the end, when something notified it. A run that dies leaves the note for the next one.
        handlers:
          - name: tell
            command: { run: "echo the greeting has changed >>/tmp/apus-example/log" }

        """
}
