"""The tainted tickets: a training set with planted triggers, to be used and to be cleaned."""

from __future__ import annotations

from bartizan.range.scenarios.dataset_scenario import DatasetScenario

TAINTED_TICKETS = DatasetScenario(
    id="tainted-tickets",
    title="The tainted tickets",
    brief=(
        "A bicycle shop bought 2,000 labelled tickets and trains its router on them. Somebody planted three triggers: "
        "with one of them in it, most tickets go to a queue of the planter's choice. First find one and prove it: put "
        "into other tickets, it must send most of them to one queue. Then hand in the table without what was planted. "
        "The router that is trained on it must no longer obey, and must still know where honest tickets belong."
    ),
    stop_at_least=0.9,
    keep_at_least=0.95,
)
