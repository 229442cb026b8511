"""A page in headless Chromium, driven over the DevTools protocol on a pair of pipes."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

PROGRAM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """An open page. `requests`, `problems` and `blocked` collect what happens from the first byte on."""

    def __init__(self, profile):
        # Chromium reads commands from descriptor 3 and writes answers to 4; a NUL ends each.
        commands_out, self._commands = os.pipe()
        self._answers, answers_in = os.pipe()
        arguments = [
            PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--hide-scrollbars", "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        ]

        def connect():
            # Out of the way first: either end can be 3 or 4 already.
            ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (commands_out, answers_in)]
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            arguments, preexec_fn=connect, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands_out)
        os.close(answers_in)
        self._buffer = b""
        self._number = 0
        self._events = []
        self.requests, self.problems = [], []
        target = self._call("Target.createTarget", {"url": "about:blank"}, session=None)["targetId"]
        attached = self._call("Target.attachToTarget", {"targetId": target, "flatten": True}, session=None)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")

    def open(self, path, scheme="light", width=1200):
        self._call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self._call("Emulation.setDeviceMetricsOverride",
                   {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        # Nothing can be fetched, so what the page shows it brought along.
        self._call("Network.emulateNetworkConditions",
                   {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0})
        self._call("Page.navigate", {"url": Path(path).resolve().as_uri()})
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._receive()
        self._events.clear()

    def evaluate(self, expression):
        """The value of a JavaScript expression, as JSON can hold it."""
        answer = self._call("Runtime.evaluate", {"expression": expression, "returnByValue": True})
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def screenshot(self):
        """The whole page as the bytes of a PNG."""
        answer = self._call("Page.captureScreenshot", {"captureBeyondViewport": True})
        return base64.b64decode(answer["data"])

    def close(self):
        os.close(self._commands)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._answers)

    def _call(self, method, parameters=None, session=True):
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def _receive(self):
        while b"\0" not in self._buffer:
            data = os.read(self._answers, 1 << 20)
            assert data, "Chromium ended"
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(line)
        if method := message.get("method"):
            self._events.append(message)
            parameters = message["params"]
            if method == "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            elif method == "Runtime.exceptionThrown":
                self.problems.append(parameters["exceptionDetails"]["text"])
            elif method == "Log.entryAdded":
                self.problems.append(parameters["entry"]["text"])
        return message
