/// Keys of Ansible's tasks by which people look for something that has another name here.
enum AnsibleNames {
    static let own: [String: String] = [
        "apt": "package", "apk": "package", "dnf": "package", "yum": "package", "zypper": "package",
        "pacman": "package",
        "apt_repository": "repository", "apt_key": "repository", "deb822_repository": "repository",
        "yum_repository": "repository", "copy": "file (or directory with source)", "template": "file with template",
        "lineinfile": "line", "replace": "line with regexp", "blockinfile": "block", "shell": "command with run",
        "script": "command with run", "raw": "command with run", "systemd": "service or systemdUnit",
        "systemd_service": "service or systemdUnit", "authorized_key": "authorizedKeys", "get_url": "download",
        "unarchive": "archive", "synchronize": "directory with source", "modprobe": "kernelModule",
        "iptables": "firewall", "ufw": "firewall", "firewalld": "firewall", "with_items": "loop", "with_dict": "loop",
        "ignore_errors": "ignoreErrors", "block": "resources", "include_tasks": "include", "import_tasks": "include",
        "import_role": "role", "include_role": "role", "become": "a key of the host or its group",
        "become_user": "a key of the host or its group", "no_log": "sensitive, in the resource",
    ]
    static let absent: Set<String> = [
        "register", "set_fact", "delegate_to", "run_once", "until", "retries", "delay", "async", "poll", "debug",
        "assert",
        "fail", "uri", "wait_for", "reboot", "fetch", "stat", "changed_when", "failed_when", "environment",
    ]
}
