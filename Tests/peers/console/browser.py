"""A headless Chromium that is driven by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""
import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import websocket

NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]


class Browser:
    """Use it in `with`; it ends with its process group, whatever happens."""

    def __init__(self, folder, *flags):
        program = os.environ.get("APUS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
        if program is None:
            sys.exit("no Chromium is installed: run scripts/install-test-tools.sh")
        self.profile = pathlib.Path(folder) / f"profile-{time.monotonic_ns()}"
        self.log = open(f"{self.profile}.log", "w+")
        self.process = subprocess.Popen(
            [
                program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={self.profile}",
                "--hide-scrollbars", *flags, "about:blank",
            ],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        self.number, self.events = 0, []
        self.socket = websocket.create_connection(self.await_endpoint(), timeout=60)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Security", "Audits"):
            self.call(f"{domain}.enable")

    def await_endpoint(self):
        deadline = time.monotonic() + 60
        port = self.profile / "DevToolsActivePort"
        while time.monotonic() < deadline and self.process.poll() is None:
            lines = port.read_text().split("\n") if port.exists() else []
            if len(lines) > 1:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            time.sleep(0.05)
        self.log.seek(0)
        sys.exit(f"Chromium did not start: {self.log.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, what, expression, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self.evaluate(expression):
                    return
            except RuntimeError:
                pass  # between two documents
            time.sleep(0.05)
        raise RuntimeError(f"waited {seconds} s in vain for: {what}")

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.wait("the page", f"document.readyState === 'complete' && location.href.startsWith({json.dumps(address)})")

    def click(self, selector):
        """A click of the mouse, as of a person: what a script clicks is treated otherwise."""
        box = self.evaluate(f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])"
                            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def await_event(self, method, seconds=30):
        deadline = time.monotonic() + seconds
        while not any(event["method"] == method for event in self.events):
            if time.monotonic() > deadline:
                raise RuntimeError(f"waited {seconds} s in vain for {method}")
            self.call("Browser.getVersion")  # reads what has come meanwhile
            time.sleep(0.05)

    def resize(self, width, height, scheme="light"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 640)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path, whole=False):
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))

    def complaints(self):
        """What the browser's console and its audits say: script errors, blocked resources, failed requests, CSP violations."""
        found = []
        for event in self.events:
            kind, content = event["method"], event["params"]
            if kind == "Runtime.exceptionThrown":
                found.append(json.dumps(content["exceptionDetails"]))
            elif kind == "Runtime.consoleAPICalled" and content["type"] in ("error", "warning", "assert"):
                found.append(json.dumps(content["args"]))
            elif kind == "Log.entryAdded" and content["entry"]["level"] in ("error", "warning"):
                found.append(f"{content['entry']['text']} {content['entry'].get('url', '')}")
            elif kind == "Audits.issueAdded":
                found.append(json.dumps(content["issue"]))
            elif kind == "Network.loadingFailed" and not content.get("canceled"):
                found.append(f"failed: {content.get('errorText')} {content.get('blockedReason', '')}")
        return found

    def foreign_requests(self, address):
        sent = (event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent")
        return [url for url in sent if not url.startswith((address, "about:", "data:"))]
