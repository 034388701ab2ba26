"""Runs the shell blocks of a page as its reader would, and keeps what they print."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.server.process import environment

# A cold start imports everything, on a busy machine; a page is at most a dozen commands.
START_SECONDS = 90.0
COMMAND_SECONDS = 120.0

# The pages' ports: of the bridge, of the embedded store, and of a second bridge.
BRIDGE, STORE, SECOND = "8080", "8081", "8090"

# What `make sandbox` and `make demo` call; a test compares with the Makefile.
SANDBOX = "retailops-bridge sandbox"
DEMO = "retailops-bridge demo"


class Reader:
    """Someone who follows a page, in a folder. Servers take free ports, and say which."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports: dict[str, str] = {}
        self.lasting: list[subprocess.Popen[str]] = []
        tools = folder / ".venv" / "bin"
        tools.mkdir(parents=True)
        program = tools / "retailops-bridge"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bridge "$@"\n', "utf-8")
        program.chmod(0o755)
        (tools / "python3").symlink_to(sys.executable)
        self.environ: Mapping[str, str] = environment(
            PATH=f"{tools}{os.pathsep}{os.environ['PATH']}",
            PYTHONPATH=str(Path(__file__).resolve().parents[2]),
        )

    def own(self, text: str) -> str:
        """The page's text with this reader's ports; 0, any free one, for who does not run yet."""
        return re.sub(
            rf"\b({BRIDGE}|{STORE}|{SECOND})\b", lambda m: self.ports.get(m[0], "0"), text
        )

    def told(self, output: str) -> str:
        """What was printed, with the page's ports, and without the folder's own name."""
        output = output.replace(f"{self.folder.resolve()}/", "…/")
        for port, own in self.ports.items():
            output = re.sub(rf"\b{own}\b", port, output)
        return output

    def write(self, name: str, text: str) -> None:
        """Write a file that the page shows."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.own(text), "utf-8")

    def run(self, text: str, *, status: int = 0) -> str:
        """Run one block; the output of both streams. A server stays up behind it."""
        command = text.strip()
        if command == "make sandbox":
            return self._stay(f"{SANDBOX} --port {BRIDGE} --store-port {STORE}", BRIDGE, STORE)
        if command.startswith("retailops-bridge serve") and not status:
            self._stop_second()
            return self._stay(command, SECOND)
        done = subprocess.run(
            ["/bin/sh", "-ec", self.own(command)],
            cwd=self.folder,
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == status, f"{command}\n{done.stdout}"
        return self.told(done.stdout)

    def _stay(self, command: str, *ports: str) -> str:
        """Start a server; what it has printed by the time that it has named its addresses."""
        output = self.folder / f"out-{time.monotonic_ns()}"
        with output.open("w") as file:
            process = subprocess.Popen(
                ["/bin/sh", "-ec", f"exec {self.own(command)}"],
                cwd=self.folder,
                env=dict(self.environ),
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.lasting.append(process)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            printed = output.read_text("utf-8")
            listening = re.findall(r"http://127\.0\.0\.1:(\d+)", printed)
            if len(listening) >= len(ports) and printed.endswith("\n"):
                self.ports |= dict(zip(ports, listening, strict=False))
                return self.told(printed)
            assert process.poll() is None, f"{command} has ended:\n{printed}"
            time.sleep(0.1)
        raise AssertionError(f"{command} does not answer:\n{output.read_text('utf-8')}")

    def _stop_second(self) -> None:
        """A page that starts its own bridge again has stopped it before."""
        while len(self.lasting) > 1:
            _end([self.lasting.pop()])

    def leave(self) -> None:
        """End what stays up, as Ctrl-C would."""
        _end(self.lasting)


def _end(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.send_signal(signal.SIGINT)
    for process in processes:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def reading(folder: Path) -> Iterator[Reader]:
    """A reader in a folder; what it started is ended."""
    reader = Reader(folder)
    try:
        yield reader
    finally:
        reader.leave()


def has_curl() -> bool:
    """The pages call the bridge with curl."""
    return shutil.which("curl") is not None
