"""``bartizan rules bundle``: rules as other systems import them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bartizan.cli.output import console
from bartizan.core.errors import ConfigurationError
from bartizan.detections.bundles import elastic_bundle, grafana_bundle, splunk_bundle
from bartizan.detections.cases import BUILTIN
from bartizan.detections.sigma.collection import load_collection


class System(StrEnum):
    """Who imports it."""

    SPLUNK = "splunk"
    ELASTIC = "elastic"
    GRAFANA = "grafana"


def bundle(
    to: Annotated[System, typer.Option("--to", help="The system that imports it.")],
    out: Annotated[Path, typer.Option("--out", help="A folder that does not exist yet.")],
    rules: Annotated[
        list[Path] | None, typer.Argument(metavar="[RULE...]", help="Rule files or folders; else the rules shipped.")
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Search terms or index to look in; not for grafana.")] = "",
) -> None:
    """Write a Splunk app, Elastic detection rules or a Grafana dashboard. Exit 0: written; 2: error."""
    collection = load_collection(rules or [BUILTIN])
    if to is System.GRAFANA:
        if source:
            raise ConfigurationError("the dashboard asks for its data sources itself", "leave --source out")
        files = grafana_bundle(collection)
    else:
        files = (splunk_bundle if to is System.SPLUNK else elastic_bundle)(collection, source)
    try:
        out.mkdir(parents=True)
        for name, text in files.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from None
    console().print(f"wrote {', '.join(str(out / name) for name in files)}", markup=False, soft_wrap=True)
