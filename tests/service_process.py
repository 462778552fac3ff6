"""A real service in a real process, for tests."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SMN = Path(sys.executable).with_name("smn")


class Running:
    """A service that runs."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process, self.folder = process, folder
        self.address = ""
        self.log: list[str] = []
        self.up = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(r"(?:running on|page is at) (http://[\d.]+:\d+)", line)
            if found:
                self.address = found.group(1)
                self.up.set()
        self.up.set()

    @property
    def rss(self) -> float:
        """Memory of the process, in megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def stop_gently(self) -> bool:
        """Whether it ended on SIGTERM by itself, having finished its work."""
        return self.stop() in {0, -signal.SIGTERM} and any("shutdown complete" in line for line in self.log)

    def stop(self, *, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(60)
        self.reader.join(10)
        return code


@contextmanager
def run_service(folder: Path, *arguments: str, command: str = "serve", **environment: str) -> Iterator[Running]:
    process = subprocess.Popen(
        [str(SMN), command, "--port", "0", *arguments], cwd=folder, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "XDG_DATA_HOME": str(folder / "data"), **environment},
    )  # fmt: skip
    running = Running(process, folder)
    try:
        until = time.monotonic() + 120
        while not running.up.wait(0.2) and time.monotonic() < until:
            pass
        assert running.address, "".join(running.log)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)
        running.reader.join(10)
        if process.stderr is not None:
            process.stderr.close()
