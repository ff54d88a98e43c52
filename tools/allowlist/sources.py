"""Wheels from PyPI, read as zip archives: module names and their syntax trees."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tools.allowlist.libraries import LEFT_OUT, Library

_PLATFORMS = ("any", "macosx_10_9_universal2", "macosx_11_0_universal2", "macosx_11_0_arm64", "macosx_12_0_arm64", "macosx_14_0_arm64",
    "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_12_x86_64", "manylinux2010_x86_64")  # fmt: skip
"""Wheels for one platform; the smallest ones (the sources in them are the same for all)."""

_NOT_READ = ("test_", "convert_", "modeling_tf_", "modeling_flax_", "tf_utils", "dummy_")


def fetch(library: Library, version: str, folder: Path) -> Path:
    """The wheel of one version, downloaded once."""
    stem = re.sub(r"[-_.]+", "_", library.name).lower()
    found = sorted(folder.glob(f"{stem}-{version}-*.whl"))
    if not found:
        platforms = [part for name in _PLATFORMS for part in ("--platform", name)]
        for python in ("3.11", "3.9"):
            asked = subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *platforms,
                 "--python-version", python, "--dest", str(folder), f"{library.name}=={version}"],
                check=False,
            )  # fmt: skip
            if asked.returncode == 0:
                break
        found = sorted(folder.glob(f"{stem}-{version}-*.whl"))
        if not found:
            raise FileNotFoundError(f"no wheel of {library.name} {version} for Python 3.11 or 3.9")
    return found[0]


def modules(wheel: Path, packages: tuple[str, ...]) -> Iterator[tuple[str, ast.Module, bool]]:
    """Name, tree and whether it is a package, of every module that is not left out; what ``packages`` names is read."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if not name.endswith(".py") or name.count("/") == 0:
                continue
            parts = name[:-3].split("/")
            package = parts[-1] == "__init__"
            parts = parts[:-1] if package else parts
            named = max((_parts(one) for one in packages if below(parts, one)), default=1)
            if any(part in LEFT_OUT or "test" in part or part.startswith(_NOT_READ) for part in parts[named:]):
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    tree = ast.parse(archive.read(name))
            except (SyntaxError, ValueError):
                continue
            yield ".".join(parts), tree, package


def below(parts: list[str], package: str) -> bool:
    """Whether a module lies at or below a package."""
    return parts[: _parts(package)] == package.rstrip(".").split(".")


def _parts(package: str) -> int:
    return package.rstrip(".").count(".") + 1
