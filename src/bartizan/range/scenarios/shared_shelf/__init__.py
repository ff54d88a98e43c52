"""The shared shelf: repositories named like the publisher's, stolen uploads, and a proxy that asks for more."""

from __future__ import annotations

from importlib.resources import files

from bartizan.range.scenarios.shelf_scenario import ShelfScenario

SHARED_SHELF = ShelfScenario(
    id="shared-shelf",
    title="The shared shelf",
    brief=(
        "A bicycle shop's programs take models from a shelf that is filled from a hub. The shelf takes everything "
        "whose name begins like the publisher's, and the shop's loader unpickles it past a list of words. First "
        "publish a file under a name of your own with which the shop gives its supplier code away. Then write the "
        "policy with which 'bartizan registry proxy' hands out what the publisher signed in its own repositories and "
        "nothing else: no stranger's repository, no upload with a stolen token, no exchanged numbers."
    ),
    cases=files(__package__),
    stop_at_least=0.9,
    keep_at_least=0.9,
)
