"""``bartizan audit gallery``: small weak and hardened models to learn on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.robustness.gallery.recipes import RECIPES, recipe
from bartizan.robustness.interface import AuditData
from bartizan.robustness.models.saved import save


def gallery(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="A model to train and write; lists all without it.")
    ] = "",
    out: Annotated[Path, typer.Option("--out", help="Folder to write model and data to.")] = Path("gallery"),
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of training.")] = 0,
    output: FormatOption = Format.TEXT,
) -> None:
    """List small weak and hardened models, or train one and write it with its data."""
    if not name:
        rows = [{"id": one.id, "data": one.data, "shows": one.shows, "needs": one.needs} for one in RECIPES]
        if output is Format.JSON:
            print_json("audit-gallery", {"models": rows})
            return
        for row in rows:
            needs = f" (needs {row['needs']})" if row["needs"] else ""
            console().print(f"{row['id']:<22} {row['data']:<14} {row['shows']}{needs}", markup=False)
        return
    one = recipe(name)
    data = one.rows()
    model = one.train(data, seed)
    model_path, data_path = out / f"{name}.npz", out / f"{name}-data.npz"
    try:
        out.mkdir(parents=True, exist_ok=True)
        save(model, model_path, one.id)
        with data_path.open("wb") as file:
            np.savez(file, **_arrays(data))
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from None
    right = float((model.predict_label(data.test.x) == data.test.y).mean())
    if output is Format.JSON:
        print_json("audit-gallery", {"model": str(model_path), "data": str(data_path), "accuracy": right})
        return
    console().print(f"model  {model_path}  {model.digest[:23]}", markup=False)
    console().print(f"data   {data_path}  right on {right:.1%} of {len(data.test)} test rows", markup=False)
    console().print(f"Audit it with: bartizan audit run {model_path} --data {data_path}", markup=False)


def _arrays(data: AuditData) -> dict[str, Any]:
    found = {"x_test": data.test.x, "y_test": data.test.y}
    return found if data.train is None else {**found, "x_train": data.train.x, "y_train": data.train.y}
