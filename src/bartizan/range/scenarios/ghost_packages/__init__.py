"""The ghost packages: names that a model invented and a stranger registered, and honest names that only look alike."""

from __future__ import annotations

from importlib.resources import files

from bartizan.range.scenarios.lock_scenario import LockScenario

GHOST_PACKAGES = LockScenario(
    id="ghost-packages",
    title="The ghost packages",
    brief=(
        "A ferry line's build machine installs whatever requirements files say. Its only check refuses names that are "
        "within two letters of a name of the team. First write a file with which it installs a stranger's package, "
        "and read the deploy code that the package prints. Then write artefacts.packages in policy.yaml, so that "
        "admission stops files with invented, hijacked, confused and vulnerable packages, and still admits honest "
        "ones: old names that look alike, your own packages, and the new one that your partner made. Everything you "
        "need is on the disk: advisories, what the index says of its packages, and the team's notes."
    ),
    cases=files(__package__),
    stop_at_least=0.9,
    keep_at_least=0.9,
)
