"""The borrowed model: files that run code past a list of words, files that lie, and the policy that admits neither."""

from __future__ import annotations

from importlib.resources import files

from bartizan.range.scenarios.artefact_scenario import ArtefactScenario

BORROWED_MODEL = ArtefactScenario(
    id="borrowed-model",
    title="The borrowed model",
    brief=(
        "A bicycle shop loads four models. Three come from a hub, one is its own. Its loader refuses files that "
        "hold certain words and unpickles the rest; its process knows a supplier code. First write a file that "
        "gives the code away when it is loaded. Then write the policy that admits the four models as their "
        "publishers sent them and nothing else: neither code, nor exchanged numbers, nor an old release. One file "
        "on the disk is not what its publisher sent."
    ),
    cases=files(__package__),
    stop_at_least=0.9,
    keep_at_least=0.9,
)
