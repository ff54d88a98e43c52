"""What an instruction file has no honest reason to say.

Instruction files are imperative by nature, so an order alone is nothing. These patterns look for orders that work
against
who installs the file: hide something from the user, carry secrets out, run code from elsewhere, take over other tools,
persist, switch approvals off. ``strong`` ones decide alone; two different ``weak`` ones near each other do together;
a weak one that is ``alone`` holds the text until somebody has read it.
"""

from __future__ import annotations

from functools import cache

import re2

from bartizan.supplychain.text.orders.carrying import CARRYING
from bartizan.supplychain.text.orders.commands import COMMANDS
from bartizan.supplychain.text.orders.conduct import CONDUCT
from bartizan.supplychain.text.orders.languages import LANGUAGES
from bartizan.supplychain.text.orders.plain import PLAIN
from bartizan.supplychain.text.orders.running import RUNNING
from bartizan.supplychain.text.orders.words import Directive

DIRECTIVES: tuple[Directive, ...] = (*CARRYING, *RUNNING, *CONDUCT, *COMMANDS, *PLAIN, *LANGUAGES)


_LONG, _MEMORY = 4_000, 24 << 20
"""Characters from which a pattern gets so many bytes for its automaton instead of RE2's 8 MiB; with less, texts in many
scripts are read state by state, ten times slower."""


@cache
def compiled() -> tuple[tuple[Directive, re2._Regexp[str]], ...]:
    """The directives with their RE2 programs."""
    return tuple((directive, re2.compile(directive.regex, _options(directive.regex))) for directive in DIRECTIVES)


def _options(regex: str) -> re2.Options:
    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True
    options.log_errors = False
    if len(regex) > _LONG:
        options.max_mem = _MEMORY
    return options
