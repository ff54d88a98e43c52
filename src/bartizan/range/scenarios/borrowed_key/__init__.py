"""The borrowed key: somebody copies the model with a colleague's key, slowly enough for every limit."""

from __future__ import annotations

from bartizan.range.scenarios.borrowed_key.days import attacked, ordinary
from bartizan.range.scenarios.journal_scenario import JournalScenario

BORROWED_KEY = JournalScenario(
    id="borrowed-key",
    title="The borrowed key",
    brief=(
        "Somebody has a colleague's key and copies the company's model with it: question after question, none twice, "
        "below every limit and below the numbers of the rules that ship. The journal of three days is yours to hunt "
        "in. Find whose key it is and from which address it is used, then write a rule that finds such a day, "
        "and that stays silent when colleagues work from home, a client retries, a batch runs at night."
    ),
    attacked=attacked,
    ordinary=ordinary,
    stop_at_least=0.8,
    keep_at_least=0.9,
)
