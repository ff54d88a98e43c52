"""Which roles together make an order that somebody has to read before an agent does."""

from __future__ import annotations

from typing import NamedTuple

from bartizan.supplychain.text.roles.role import Role

R = Role


class Meaning(NamedTuple):
    """A combination of roles."""

    id: str
    says: str
    """What would happen, after "It"."""
    roles: tuple[tuple[R, ...], ...]
    """One of each must stand there."""
    near: int = 200
    """Characters between the first and the last of them."""
    paragraph: bool = False
    """Whether they may stand in neighbouring sentences of a paragraph."""
    denied: bool = False
    """Whether a word of denial belongs to it, so that it excuses nothing."""
    tools_only: bool = False
    """Whether it means something in descriptions of tools alone."""
    directed: bool = False
    """Whether the first of them must be ordered, not told: it begins a clause or follows "must"."""
    ordered: bool = False
    """Whether they stand in this order, where the first of them is English."""


MEANINGS = (
    Meaning("secret_carried", "has what lets people in carried to an address that nothing in the text explains",
            ((R.CARRY, R.PUT, R.READ), (R.SECRET, R.PASSCODE), (R.STRANGER,)), 280, paragraph=True),
    Meaning("content_carried", "has content carried to an address that nothing in the text explains",
            ((R.CARRY,), (R.STRANGER,)), 180, directed=True),
    Meaning("talk_carried", "has what was said, or data of people, carried to an address that nothing explains",
            ((R.CARRY, R.PUT, R.READ), (R.TALK, R.PERSONAL), (R.STRANGER,)), 280, paragraph=True),
    Meaning("picture_asked_for", "has content carried away in the address of a picture",
            ((R.PUT, R.CARRY), (R.STRANGER,), (R.SINK,)), 200),
    Meaning("secret_written", "has what lets people in written where others read it",
            ((R.PUT, R.CARRY), (R.SECRET,), (R.SINK,)), 170, directed=True, ordered=True),
    Meaning("secret_read_first", "has what lets people in read and passed on",
            ((R.READ,), (R.SECRET,), (R.PUT, R.HANDED)), 240, directed=True, ordered=True),
    Meaning("talk_written", "has what was said, or data of people, written where it leaves unseen",
            ((R.PUT, R.CARRY), (R.TALK, R.PERSONAL), (R.SINK,)), 170, directed=True, ordered=True),
    Meaning("argument_of_private", "has what was said, or data of people, given to a tool that does not need it",
            ((R.SINK,), (R.PUT, R.CARRY), (R.TALK, R.PERSONAL, R.SECRET)), 170, tools_only=True, ordered=True),
    Meaning("private_outside", "has what lets people in, what was said, or data of people given to somebody else",
            ((R.CARRY, R.PUT), (R.SECRET, R.TALK, R.PERSONAL), (R.OUTSIDE,)), 170, directed=True, ordered=True),
    Meaning("asks_for_passcode", "has people asked for what nobody may ask for",
            ((R.ASK,), (R.PASSCODE,)), 130, directed=True, ordered=True),
    Meaning("concealed", "has something done that somebody is not to know",
            ((R.CARRY, R.CHANGE, R.LOWER, R.KEEP, R.SKEW, R.PACKAGE, R.MAKE, R.PAY), (R.CONCEAL,)), 170,
            denied=True, directed=True),
    Meaning("untrue", "has people told what is not so", ((R.UNTRUE,),), denied=True, directed=True),
    Meaning("whatever_is_true", "has something said or chosen whatever is true or wanted",
            ((R.CLAIM, R.UNTRUE), (R.WHATEVER,)), 160, denied=True, directed=True),
    Meaning("account_replaced", "says where money goes",
            ((R.PAY, R.INSTEAD, R.CLAIM, R.CARRY, R.MAKE), (R.ACCOUNT,)), 200),
    Meaning("contact_replaced", "has people call another number", ((R.CLAIM,), (R.CONTACT,), (R.INSTEAD,)), 200),
    Meaning("protection_lowered", "has protection taken away",
            ((R.LOWER,), (R.GUARD,)), 90, directed=True, ordered=True),
    Meaning("door_opened", "has code or settings made that open a door", ((R.MAKE,), (R.UNSAFE,)), 130, directed=True),
    Meaning("led_through_stranger", "has programs or traffic led through an address that nothing in the text explains",
            ((R.MAKE, R.CHANGE), (R.WAY,), (R.STRANGER,)), 200),
    Meaning("favoured", "has somebody favoured whatever it is worth", ((R.FAVOUR,),), directed=True),
    Meaning("rights_given", "has rights given away or something opened to everybody", ((R.GRANT,),), directed=True),
    Meaning("replaces_itself", "has the text replaced by what an address or a file says",
            ((R.SELF,), (R.FETCH, R.STRANGER, R.OBEY)), directed=True),
    Meaning("agent_rules_planted", "plants rules or servers for every project of the user",
            ((R.PUT, R.CHANGE, R.CARRY, R.MAKE), (R.AGENT_FILE,), (R.EVERYWHERE, R.EVERY, R.STRANGER, R.CONCEAL)), 240,
            directed=True),
    Meaning("advertises", "has an address put into all work that nothing in the text explains",
            ((R.PUT, R.CLAIM), (R.STRANGER,), (R.EVERY,)), 200, directed=True),
    Meaning("endpoint_replaced", "has an address used instead of the user's own that nothing in the text explains",
            ((R.MAKE, R.CHANGE, R.CLAIM), (R.STRANGER,), (R.INSTEAD,)), 200, directed=True),
    Meaning("strangers_obeyed", "has text that strangers write taken for orders",
            ((R.SOURCE,), (R.OBEY,)), 160, paragraph=True),
    Meaning("kept_for_later", "plants something for later sessions or other projects",
            ((R.KEEP,), (R.EVERYWHERE, R.TRUST, R.STRANGER)), 240, directed=True),
    Meaning("kept_by_tool", "has something remembered for what is no business of the tool",
            ((R.KEEP,), (R.PUT, R.CARRY, R.CHANGE)), 160, tools_only=True, directed=True),
    Meaning("figures_skewed", "has figures or facts made others than they are", ((R.SKEW,),), directed=True),
    Meaning("program_fetched", "has a program fetched from an address that nothing in the text explains, and run",
            ((R.FETCH, R.RUN), (R.STRANGER,), (R.RUN, R.OBEY)), 240),
    Meaning("package_from_stranger", "has a package taken from an address that nothing in the text explains",
            ((R.PACKAGE,), (R.STRANGER,)), 160),
    Meaning("calls_itself", "has the tool called beside others, with what they got",
            ((R.ITSELF,), (R.TALK, R.PERSONAL, R.SECRET, R.PUT, R.HANDED, R.CARRY)), 200, tools_only=True),
    Meaning("tool_first", "has another tool called and its output given away",
            ((R.TOOL,), (R.BEFORE,), (R.HANDED, R.SECRET)), 280, paragraph=True, tools_only=True),
)  # fmt: skip
