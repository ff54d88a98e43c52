"""Reads the wheels, vets their classes and writes the list; prints what was refused and why."""

from __future__ import annotations

import argparse
import collections
import tempfile
from pathlib import Path

from tools.allowlist import compiled, sources
from tools.allowlist.classes import Library as Sources
from tools.allowlist.classes import Module, read
from tools.allowlist.libraries import LIBRARIES, Library
from tools.allowlist.vet import Unclear, Vetting, harmless_function
from tools.allowlist.vetted import NAMES

TARGET = Path(__file__).parents[2] / "src/bartizan/supplychain/pickles/allowlist.txt"
_BUILT_ON = ("numpy", "scikit-learn", "torch")
"""Libraries whose classes others derive from: read first."""
Found = dict[str, dict[str, str]]


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheels", type=Path, help="folder that keeps the wheels")
    parser.add_argument("--refused", type=Path, help="file for what was refused")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.wheels or Path(temporary)
        found: Found = collections.defaultdict(dict)
        refused: list[str] = []
        base: dict[str, Module] = {}
        for library in sorted(LIBRARIES, key=lambda one: one.name not in _BUILT_ON):
            for version in library.versions:
                _library(library, version, folder, base, found, refused)
    for module, names in (*NAMES.items(), *compiled.NAMES.items()):
        found[module].update(names)
    lines = [
        f"{module}\t{' '.join(f'{name}={flags}' for name, flags in sorted(names.items()))}"
        for module, names in sorted(found.items())
        if names
    ]
    heads = [f"# {library.name} {' '.join(library.versions)}" for library in LIBRARIES]
    TARGET.write_text(
        "\n".join(["# Written by python -m tools.allowlist from:", *heads, *lines]) + "\n", encoding="utf-8"
    )
    print(f"{sum(len(names) for names in found.values())} names in {len(lines)} modules; {len(refused)} refused")
    if arguments.refused:
        arguments.refused.write_text("\n".join(sorted(set(refused))) + "\n", encoding="utf-8")


def _library(
    library: Library, version: str, folder: Path, base: dict[str, Module], found: Found, refused: list[str]
) -> None:
    modules = {
        name: read(name, tree, package)
        for name, tree, package in sources.modules(sources.fetch(library, version, folder), library.packages)
    }
    vetting = Vetting(Sources({**base, **modules}))
    for name, module in modules.items():
        if name.startswith(library.packages) and library.packages:
            for label, node in module.classes.items():
                try:
                    flags, predicate = vetting.flags(module, node)
                except Unclear as why:
                    refused.append(f"{name}.{label}: {why}")
                    found[name].pop(label, None)
                    continue
                found[name].setdefault(label, flags + (f":{predicate}" if predicate else ""))
        if library.functions and name.startswith(library.functions):
            for label, item in module.functions.items():
                if harmless_function(item):
                    found[name].setdefault(label, "r")
    if library.name in _BUILT_ON:
        base.update(modules)


if __name__ == "__main__":
    main()
