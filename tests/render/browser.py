"""A headless Chromium by WebDriver's plain HTTP: no package needed, only `chromium` and `chromium-driver`."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DRIVER = shutil.which("chromedriver")

_CAPABILITIES = {
    "browserName": "chrome",
    "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    "goog:chromeOptions": {
        "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1200,900",
            "--disable-background-networking", "--disable-component-update", "--no-first-run",
        ]
    },
}  # fmt: skip


class Browser:
    """One session of a running driver."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        answer = self._send("POST", "/session", {"capabilities": {"alwaysMatch": _CAPABILITIES}})
        self._session = f"/session/{answer['sessionId']}"

    def open(self, page: Path) -> None:
        self._send("POST", f"{self._session}/url", {"url": page.as_uri()})

    def run(self, script: str, *args: Any) -> Any:
        """The result of a function body."""
        return self._send("POST", f"{self._session}/execute/sync", {"script": script, "args": list(args)})

    def later(self, script: str) -> Any:
        """What a function body hands to its last argument, a callback."""
        return self._send("POST", f"{self._session}/execute/async", {"script": script, "args": []})

    def keys(self, text: str) -> None:
        """Type into whatever has the focus."""
        strokes = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        actions = {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]}
        self._send("POST", f"{self._session}/actions", actions)

    def emulate(self, command: str, **parameters: Any) -> Any:
        """A command of the browser's own protocol."""
        body = {"cmd": command, "params": parameters}
        return self._send("POST", f"{self._session}/goog/cdp/execute", body)

    def screenshot(self, target: Path) -> None:
        target.write_bytes(base64.b64decode(self._send("GET", f"{self._session}/screenshot")))

    def console(self) -> list[str]:
        """Messages since the last call."""
        return [entry["message"] for entry in self._log("browser")]

    def requests(self) -> list[str]:
        """Addresses that the page asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def close(self) -> None:
        self._send("DELETE", self._session)

    def _log(self, kind: str) -> Any:
        return self._send("POST", f"{self._session}/se/log", {"type": kind})

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._root + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that is gone afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert DRIVER
    driver = subprocess.Popen(
        [DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        browser = _connected(port)
        try:
            yield browser
        finally:
            browser.close()
    finally:
        driver.terminate()
        driver.wait(10)


def _connected(port: int, seconds: float = 20) -> Browser:
    end = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return Browser(port)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
