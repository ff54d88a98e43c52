"""A process that scans files for the proxy, one after another: jobs as JSON lines in, reports as JSON lines out."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from bartizan.policy.packages import PackagePolicy
from bartizan.supplychain.budget import Limits
from bartizan.supplychain.files import Opened
from bartizan.supplychain.packages.checks import PackageChecks
from bartizan.supplychain.pool import limit_process
from bartizan.supplychain.scanning import ArtefactScanner


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One file to scan."""

    file: str
    view: str
    """Where it would lie among its neighbours; its last part is what a loader would be told."""
    limits: Limits
    packages: PackagePolicy
    root: str
    """To which the folders in ``packages`` are relative."""


def main() -> None:
    """Until there are no more jobs."""
    limit_process()
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        checks = PackageChecks(policy=job.packages, root=Path(job.root))
        view = Path(job.view)
        with Path(job.file).open("rb") as stream:
            report = ArtefactScanner(job.limits, packages=checks, named=frozenset()).scan_opened(
                view, Opened(stream, view)
            )
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
