"""The smooth bill: bills of materials that say what a desk wants to read, and the files that say something else."""

from __future__ import annotations

from importlib.resources import files

from bartizan.range.scenarios.goods_scenario import GoodsScenario

SMOOTH_BILL = GoodsScenario(
    id="smooth-bill",
    title="The smooth bill",
    brief=(
        "A bakery buys forecast models. Each delivery comes with a CycloneDX bill of materials, and the receiving "
        "desk believes it: names, sizes and digests must stand there, and nobody takes a digest. Today's delivery is "
        "not what the supplier published. First hand the desk a delivery of yours whose forecast is wrong, and read "
        "the code of the emergency fund. Then write refuse.yaml, and register what the supplier published, so that "
        "deliveries whose bill lies are refused, also where bill and file were exchanged together, and honest ones "
        "still come in, with hosted models, known weaknesses and bills of other tools."
    ),
    cases=files(__package__),
    stop_at_least=0.9,
    keep_at_least=0.9,
)
