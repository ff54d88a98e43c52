"""The schema of ``artefacts.packages`` in ``policy.yaml``: what packages that lock files name are held against."""

from __future__ import annotations

from typing import Annotated

import msgspec


class PackagePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of the packages in a lock file."""

    osv: str = ""
    """Folder with advisories as osv-scanner keeps them for `--offline`: `osv-scanner/PyPI/all.zip` in it and so on."""
    osv_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 7
    """Oldest age, in days, of the newest advisory; older ones leave everything inconclusive."""
