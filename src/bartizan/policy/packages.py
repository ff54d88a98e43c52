"""The schema of ``artefacts.packages`` in ``policy.yaml``: what packages that lock files name are held against."""

from __future__ import annotations

from typing import Annotated

import msgspec

Name = Annotated[str, msgspec.Meta(pattern=r"^pkg:(pypi|npm)/(%40[^/@%]+/)?[^/@%]+$")]
"""A package URL without a version: ``pkg:pypi/numpy``, ``pkg:npm/%40scope/name``."""


class AllowedPackage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package that somebody vouches for."""

    package: Name
    """Package URL without a version, such as `pkg:pypi/numpy` or `pkg:npm/%40scope/name`."""
    versions: tuple[str, ...] = ()
    """Versions that are meant. Empty: all."""
    sha256: tuple[Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")], ...] = ()
    """Digests of the files that are meant; a lock file may pin no others. Empty: any."""


class PackagePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of the packages in lock files."""

    osv: str = ""
    """Folder with advisories as osv-scanner keeps them for `--offline`: `osv-scanner/PyPI/all.zip` in it and so on."""
    osv_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 7
    """Oldest age, in days, of the newest advisory; older ones leave everything inconclusive."""
    allowed: tuple[AllowedPackage, ...] = ()
    """Packages that somebody vouches for: they need neither age nor metadata."""
    only_allowed: bool = False
    """Block every package from an index that is not among `allowed`."""
    internal: tuple[str, ...] = ()
    """Names that only your own indexes may answer for, such as `acme-*` or `@acme/*`; a star ends a name."""
    internal_indexes: tuple[str, ...] = ()
    """Addresses of your own indexes; what is below one is meant too."""
    indexes: tuple[str, ...] = ()
    """Addresses of other indexes that lock files may name. Empty: any."""
    may_run: tuple[Name, ...] = ()
    """Packages that may run code of their own when they are installed."""
    metadata: str = ""
    """Folder with what an index says of its packages: `PyPI/projects/NAME.json` and `npm/projects/NAME.json` in it."""
    established_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 90
    """A package whose first release is younger is inconclusive, unless somebody vouches for it."""
    release_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 7
    """A release that is younger is inconclusive: most malicious ones are taken down within days."""
    require_provenance: bool = False
    """Ask each release for an attestation of where it was built (PEP 740, npm provenance)."""
