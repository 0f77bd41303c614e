"""How each peer is told the declaration: its files, its command, in the manner that its own documentation shows.

Every peer has `write(folder, hosts, declaration)`, which returns the command and the environment to run it in.
"""

import glob
import json
import os
import shlex

import declaration as declared


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


class Apus:
    name = "apus"

    def __init__(self, binary, arguments):
        self.binary, self.arguments = os.path.abspath(binary), arguments

    def write(self, folder, fleet, declaration):
        hosts = {host["name"]: {
            "address": host["address"], "port": host["port"], "user": "root", "identityFile": fleet["identityFile"],
            "sshOptions": [f"UserKnownHostsFile={fleet['knownHosts']}", "GlobalKnownHostsFile=/dev/null"],
        } for host in fleet["hosts"]}
        resources = [{"directory": {"path": path, "mode": "0755"}} for path in declared.DIRECTORIES]
        resources += [{"file": {"path": path, "content": text, "mode": "0644", "owner": "root", "group": "root"}}
                      for path, text in declaration.files.items()]
        resources += [{"user": {"name": name, "shell": declared.SHELL, "uid": number}}
                      for name, number in declared.USERS.items()]
        resources.append({"line": {
            "path": declared.CONFIGURATION, "line": declared.LINE, "regexp": declared.PATTERN}})
        # JSON is YAML.
        site = write(folder, "site.yaml", json.dumps({"hosts": hosts, "resources": resources}, indent=1) + "\n")
        return [self.binary, *(word.replace("{site}", site) for word in shlex.split(self.arguments))], {}


PLAYBOOK = """- hosts: all
  gather_facts: false
  tasks:
    - name: directories
      ansible.builtin.file: {path: "{{ item }}", state: directory, mode: "0755"}
      loop: DIRECTORIES
    - name: files
      ansible.builtin.copy: {src: "{{ item }}", dest: "{{ item }}", mode: "0644", owner: root, group: root}
      loop: FILES
    - name: users
      ansible.builtin.user: {name: "{{ item.name }}", uid: "{{ item.uid }}", shell: SHELL}
      loop: USERS
    - name: line
      ansible.builtin.lineinfile: {path: CONFIGURATION, regexp: PATTERN, line: LINE}
"""


class Ansible:
    name = "ansible"

    def __init__(self, venv):
        self.venv = os.path.abspath(venv)

    def settings(self):
        return ""

    def write(self, folder, fleet, declaration):
        for path, text in declaration.files.items():
            write(folder, "files" + path, text)
        values = {
            "DIRECTORIES": declared.DIRECTORIES, "FILES": list(declaration.files), "SHELL": declared.SHELL,
            "USERS": [{"name": name, "uid": number} for name, number in declared.USERS.items()],
            "CONFIGURATION": declared.CONFIGURATION, "PATTERN": declared.PATTERN, "LINE": declared.LINE,
        }
        playbook = PLAYBOOK.replace('{src: "{{ item }}"', '{src: "FOLDER/files{{ item }}"').replace("FOLDER", folder)
        for key, value in values.items():
            playbook = playbook.replace(key, json.dumps(value))
        variables = {"ansible_user": "root", "ansible_ssh_private_key_file": fleet["identityFile"],
                     "ansible_python_interpreter": "/usr/bin/python3",
                     "ansible_ssh_common_args": f"-o UserKnownHostsFile={fleet['knownHosts']}"}
        hosts = {host["name"]: {"ansible_host": host["address"], "ansible_port": host["port"]}
                 for host in fleet["hosts"]}
        inventory = write(folder, "inventory.yaml", json.dumps({"all": {"vars": variables, "hosts": hosts}}))
        config = write(folder, "ansible.cfg", (
            f"[defaults]\nhost_key_checking = True\nforks = {max(10, len(hosts))}\nretry_files_enabled = False\n"
            f"home = {folder}/home\nlocal_tmp = {folder}/tmp\n{self.settings()}"
            f"[ssh_connection]\npipelining = True\ncontrol_path_dir = {folder}/cp\n"
            "ssh_args = -o ControlMaster=auto -o ControlPersist=60s\n"))
        play = write(folder, "site.yaml", playbook)
        environment = {"ANSIBLE_CONFIG": config, "LC_ALL": "C.UTF-8"}
        return [f"{self.venv}/bin/ansible-playbook", "-i", inventory, play], environment


class Mitogen(Ansible):
    name = "mitogen"

    def settings(self):
        found = glob.glob(f"{self.venv}/lib/python3*/site-packages/ansible_mitogen/plugins/strategy")
        return f"strategy_plugins = {found[0] if found else 'missing'}\nstrategy = mitogen_linear\n"


DEPLOY = """from pyinfra.operations import files, server

for path in DIRECTORIES:
    files.directory(path=path, mode="755")
for path in FILES:
    files.put(src="FOLDER/files" + path, dest=path, mode="644", user="root", group="root")
for name, uid in USERS.items():
    server.user(user=name, uid=uid, shell=SHELL, ensure_home=True)
files.line(path=CONFIGURATION, line=PATTERN + ".*", replace=LINE)
"""


class Pyinfra:
    name = "pyinfra"

    def __init__(self, venv):
        self.venv = os.path.abspath(venv)

    def write(self, folder, fleet, declaration):
        for path, text in declaration.files.items():
            write(folder, "files" + path, text)
        deploy = DEPLOY.replace("FOLDER", folder)
        for key, value in {
            "DIRECTORIES": declared.DIRECTORIES, "FILES": list(declaration.files), "USERS": declared.USERS,
            "SHELL": declared.SHELL, "CONFIGURATION": declared.CONFIGURATION, "PATTERN": declared.PATTERN,
            "LINE": declared.LINE,
        }.items():
            deploy = deploy.replace(key, repr(value))
        hosts = [(host["name"], {
            "ssh_hostname": host["address"], "ssh_port": host["port"], "ssh_user": "root",
            "ssh_key": fleet["identityFile"], "ssh_known_hosts_file": fleet["knownHosts"],
            "ssh_strict_host_key_checking": "yes",
        }) for host in fleet["hosts"]]
        inventory = write(folder, "inventory.py", f"hosts = {hosts!r}\n")
        return [f"{self.venv}/bin/pyinfra", "-y", inventory, write(folder, "deploy.py", deploy)], {"LC_ALL": "C.UTF-8"}


PEERS = ["apus", "ansible", "mitogen", "pyinfra"]


def peer(name, options):
    if name == "apus":
        return Apus(options.apus, options.apus_arguments)
    return {"ansible": Ansible, "mitogen": Mitogen, "pyinfra": Pyinfra}[name](options.venv)
