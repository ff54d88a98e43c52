"""Files that a manifest lists and a loader opens: data sets on disk, TensorFlow.js, Core ML packages, Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.supplychain.documents.hub import PATH
from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.formats.paths import escapes
from bartizan.supplychain.interface import ArtefactFinding, Context


class Listed:
    """See the module."""

    rules = (PATH,)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One object of a manifest."""
        if not place.root:
            return
        for member, path in _paths(place.content):
            context.budget.step()
            if isinstance(path, str) and (why := escapes(path)):
                yield context.found(PATH, f"A file is read from there: {why}.", evidence=path, member=member)


def _paths(content: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for one in _objects(content.get("_data_files")):
        yield "_data_files", one.get("filename")
    for group in _objects(content.get("weightsManifest")):
        yield from (("weightsManifest", path) for path in _list(group.get("paths")))
    entries = content.get("itemInfoEntries")
    for one in _objects(list(entries.values())) if isinstance(entries, dict) else ():
        yield "itemInfoEntries", one.get("path")
    stages = content.get("paramMap")
    uids = stages.get("stageUids") if isinstance(stages, dict) and "sparkVersion" in content else None
    yield from (("paramMap.stageUids", uid) for uid in _list(uids))


def _objects(found: Any) -> Iterator[dict[str, Any]]:
    return (one for one in _list(found) if isinstance(one, dict))


def _list(found: Any) -> list[Any]:
    """A list, however long: the budget ends the scan and says so."""
    return found if isinstance(found, list) else []
