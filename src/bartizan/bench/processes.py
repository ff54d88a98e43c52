"""Servers under test: started on loopback, watched through /proc, stopped by pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from bartizan.core.errors import BartizanError

_TICKS = os.sysconf("SC_CLK_TCK")
CPU_UNIT = 1 / _TICKS
"""Seconds by which CPU is accounted."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Server:
    """One server and all its children.

    Args:
        name: how it is called in the table.
        command: argument vector.
        port: where it will listen on 127.0.0.1.
        path: request path.
        headers: sent with every request.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        port: int,
        path: str = "/v1/chat/completions",
        headers: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.port = port
        self.path = path
        self.headers = headers or {}
        self._process = subprocess.Popen(
            list(command),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )

    def wait(self, seconds: float = 60.0) -> None:
        """Return once the port accepts connections. Raises BartizanError when the process dies or is too slow."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BartizanError(f"{self.name} exited with {self._process.returncode} before it listened")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=0.5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise BartizanError(f"{self.name} did not listen within {seconds:.0f} s")

    def pids(self) -> list[int]:
        """The process and its descendants."""
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
        found = [self._process.pid]
        for pid in found:
            found.extend(parents.get(pid, []))
        return found

    def cpu_seconds(self) -> float:
        """User and system time of the process and its descendants so far."""
        ticks = 0
        for pid in self.pids():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS

    def largest_rss(self, named: str = "") -> int:
        """Resident bytes of the largest process among them whose command line holds ``named``; 0 if there is none."""
        sizes = [0]
        for pid in self.pids():
            try:
                if named in Path(f"/proc/{pid}/cmdline").read_text():
                    sizes.append(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE)
            except OSError:
                continue
        return max(sizes)

    def proportional(self) -> int:
        """Bytes of all of them, pages that several share counted once (Linux: ``Pss``)."""
        kilobytes = 0
        for pid in self.pids():
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            kilobytes += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        return kilobytes * 1024

    def stop(self) -> None:
        """Terminate, then kill what is left."""
        pids = self.pids()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in pids[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
