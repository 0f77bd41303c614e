"""What is measured: each is given a fresh folder with one log, and brings that log, rotated, compressed and encrypted, to
the bucket. `prepare` writes what an administrator would have written long before; it is not measured."""

import json
import os
import shutil
import subprocess

ACCESS, SECRET = "bench", "bench-secret"


class Contender:
    """A folder, a key of its own in the bucket, and the level of zstd."""

    # The program beside zstd and age, without which it cannot run.
    needs = ()

    def __init__(self, name, options):
        self.name, self.options = name, options

    def environment(self, port):
        """Nothing of AWS's but what is said here: a bundle of certificates in the environment stops rclone."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**clean, "AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent",
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}

    def write(self, folder, name, text, mode=0o644):
        path = os.path.join(folder, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return path


class Apus(Contender):
    def prepare(self, folder, level, port):
        keys = os.path.join(folder, "keys")
        subprocess.run([self.options.apus, "logs", "key", "create", keys], check=True, stdout=subprocess.DEVNULL)
        self.write(folder, "rule.yaml", f"""\
paths: ["{folder}/log/access.log"]
compress: {{ algorithm: zstd, level: {level}, threads: {self.options.threads} }}
encrypt: {{ method: aes-256-gcm, key_id: "file:{keys}" }}
upload: {{ target: "s3://bench/{self.name}-{level}/", endpoint: "http://127.0.0.1:{port}" }}
""")
        return [self.options.apus, "logs", "rotate", "--force", *self.folders(folder)]

    @staticmethod
    def folders(folder):
        return ["--rules", os.path.join(folder, "rule.yaml"), "--state", os.path.join(folder, "state")]

    def check(self, folder, level, environment, plain_bytes, stored):
        """The object opens, and is what the log was, by the SHA-256 that was taken before: `apus logs verify --all`."""
        result = subprocess.run([self.options.apus, "logs", "verify", "--all", *self.folders(folder), "-o", "json"],
                                env=environment, capture_output=True, text=True)
        segments = [json.loads(line) for line in result.stdout.splitlines()] if result.returncode == 0 else []
        if [(segment["compared"], segment["ok"]) for segment in segments] != [(True, True)]:
            return f"verify says {result.returncode}: {result.stdout[-500:]}{result.stderr[-500:]}"
        return None


class Scripts(Contender):
    """logrotate, then zstd, age and the upload, each a file for the next, as scripts around logrotate do it."""

    def prepare(self, folder, level, port):
        log = f"{folder}/log/access.log"
        self.write(folder, "logrotate.conf", f"{log} {{\n    rotate 1\n    create\n    nocompress\n}}\n")
        subprocess.run(["age-keygen", "-o", f"{folder}/identity"], check=True, stderr=subprocess.DEVNULL)
        recipient = subprocess.run(["age-keygen", "-y", f"{folder}/identity"], check=True, capture_output=True,
                                   text=True).stdout.strip()
        threads = self.options.script_threads
        return ["/bin/sh", self.write(folder, "ship.sh", f"""\
#!/bin/sh
set -eu
logrotate -f --state {folder}/logrotate.state {folder}/logrotate.conf
zstd -q -{level} -T{threads} --rm {log}.1 -o {log}.1.zst
age -r {recipient} -o {log}.1.zst.age {log}.1.zst
rm {log}.1.zst
{self.upload(f"{log}.1.zst.age", f"bench/{self.name}-{level}/access.log.1.zst.age", port)}
rm {log}.1.zst.age
""", 0o755)]

    def check(self, folder, level, environment, plain_bytes, stored):
        """The object opens, and is as long as the log was."""
        (path,) = stored
        command = f"age -d -i {folder}/identity '{path}' | zstd -dc | wc -c"
        found = int(subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True).stdout)
        return None if found == plain_bytes else f"the object holds {found} bytes in place of {plain_bytes}"


class Aws(Scripts):
    needs = ("aws",)

    def upload(self, path, target, port):
        return f"aws s3 cp --only-show-errors {path} s3://{target}"


class Rclone(Scripts):
    needs = ("rclone",)

    def upload(self, path, target, port):
        return (f"rclone --config /dev/null copyto {path} :s3:{target} --s3-provider Other --s3-env-auth "
                f"--s3-endpoint http://127.0.0.1:{port} --s3-force-path-style --s3-no-check-bucket")


CONTENDERS = {"apus": Apus, "aws": Aws, "rclone": Rclone}


def here(name):
    """Whether everything that it calls is installed."""
    programs = CONTENDERS[name].needs + (() if name == "apus" else ("logrotate", "zstd", "age", "age-keygen"))
    return all(map(shutil.which, programs))
