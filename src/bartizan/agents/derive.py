"""Profiles out of tool definitions alone.

Names and schemas come from servers that may be hostile, so doubts are settled upwards: a verb that can be nothing else
is the deed, whatever the description or the annotations claim; a word that can be a thing as well (*comment*, *order*)
is one only for tools that take nothing to write, send or pay; and what cannot be understood counts as execution.
"""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.agents.lexicon import (
    content_words,
    deeds_of,
    families_of,
    folded,
    folded_set,
    implied_by,
    is_verb,
    name_words,
    nouns_of,
    word_set,
    words,
)
from bartizan.agents.naming import Deed, asks, deed_of, first_sentence, tells_what_is, verb_first
from bartizan.agents.profile import Effect, Parameter, Sink, ToolProfile
from bartizan.agents.schema import Declared, declared_arguments
from bartizan.core.tool import ToolDefinition

_READS = folded_set("reading_verbs")
_MONEY_VERBS = folded_set("money_verbs")
_ADMIN_NOUNS = frozenset({"password", "key", "member"})
_ADMIN_WORDS = folded_set("administration")
_AUTHENTICATION = folded_set("authentication")
_REACTIONS = folded_set("reactions")
_OUTWARD = folded_set("outward")
_OWN_WAY = word_set("own_way")
_DELIVERED = word_set("delivered")
_OPEN_WORLD = folded_set("open_world")
_LIGHT = word_set("light_verbs")
_NOUNLIKE = word_set("nounlike")
_BASKETS = word_set("baskets")
_VOUCHERS = word_set("vouchers")
_READINGS = word_set("readings")
_RECURRING = word_set("recurring")
_PROOFS = word_set("proofs")

_RECIPIENTS = word_set("recipients")
_PARTIES = word_set("parties")
_HEADS = word_set("heads")
_ACCOUNTS = word_set("accounts")
_URLS = word_set("urls")
_PATHS = word_set("paths")
_AMOUNTS = word_set("amounts")
_CODE = word_set("code")
_SECRETS = word_set("secrets")
_CONTENT = word_set("content")
_TIMES = word_set("times")
_QUERIES = word_set("queries")
_KEYS = word_set("real_keys")
_NUMBERING = word_set("numbering")
_TOLD = word_set("told")
_ACTED_WITH = _CONTENT | _ACCOUNTS | (_AMOUNTS - {"limit"})
_NUMERIC = frozenset(("boolean", "integer", "number"))
_STAYS = (["check", "in"], ["check", "out"])


def derive(tool: ToolDefinition, known: Effect | None = None) -> ToolProfile:
    """The profile of ``tool`` from its own definition.

    Results are never trusted by derivation; only the operator can vouch for a tool.

    Args:
        tool: the definition.
        known: its effect, where the operator says it; what arguments are used as depends on it.
    """
    named = verb_first(name_words(tool.name))
    sentence = first_sentence(tool.description)
    declared = declared_arguments(tool.input_schema)
    given = {word for entry in declared for word in name_words(entry.name)}
    deed = deed_of(named, sentence, acted_with=not _ACTED_WITH.isdisjoint(given))
    effect, why = _effect(named, sentence, deed, declared, tool.annotations.get("readOnlyHint") is True)
    if effect is Effect.WRITE and _sends_message(declared, nouns_of(named)):
        effect, why = Effect.SEND, f"{why}, with recipients and a text"
    derived, effect = effect, known or effect
    reports = effect is not Effect.READ and bool(deed.word)
    if not deed.word and effect is not Effect.READ:
        deed = _late(sentence)
    nouns = nouns_of(word for word in named if word != deed.word) | implied_by([deed.word])
    if not nouns:
        nouns = nouns_of(sentence)
    parameters = {entry.name: _parameter(entry, effect, named) for entry in declared}
    addressed = any(parameter.sink in {Sink.RECIPIENT, Sink.ACCOUNT} for parameter in parameters.values())
    return ToolProfile(
        name=tool.name,
        effect=effect,
        families=_families(deed, named, effect, derived),
        nouns=_told_by(nouns, effect, sentence),
        parameters=parameters,
        outward=effect in {Effect.SEND, Effect.SPEND}
        or (effect is Effect.WRITE and "react" in deed.families)
        or (effect is not Effect.READ and (addressed or not _OUTWARD.isdisjoint(_fold(words(tool.description[:400]))))),
        open_world=(effect is Effect.READ and not _OPEN_WORLD.isdisjoint(_fold(named)))
        or any(p.sink is Sink.URL for p in parameters.values()),
        reports=reports,
        words=content_words(" ".join(named)),
        why=why,
    )


def _late(sentence: list[str]) -> Deed:
    """The first verb of a description that neither begins with one nor is a noun phrase."""
    return Deed(next((word for word in sentence[:6] if is_verb(word)), ""), "description")


def _families(deed: Deed, named: list[str], effect: Effect, derived: Effect) -> frozenset[str]:
    """Families of a tool's deed, and of its noun where that is it: ``create_payment`` pays, once. Composing a message
    sends it. Of a tool that only seems to read, and does what its operator says, people still say that it reads."""
    found = deed.families
    if derived is not Effect.READ:
        found -= {"read"}
    if effect is Effect.DELETE and "delete" in families_of([deed.word]):
        found = families_of([deed.word])  # *moves a file to the bin* does not ask for what moves files
    if effect is Effect.SEND and "create" in found and nouns_of(named) & {"email", "message"}:
        found |= {"send"}
    if deed.word in _LIGHT and _RECURRING.isdisjoint(named):
        found |= deeds_of(word for word in named if word != deed.word)
    return found


def _told_by(nouns: frozenset[str], effect: Effect, sentence: list[str]) -> frozenset[str]:
    """Its concepts; what sends messages may say only in its description that they are e-mails."""
    told = nouns_of(sentence) & {"email", "message"} if effect is Effect.SEND else frozenset()
    return nouns | told


def _fold(found: Iterable[str]) -> frozenset[str]:
    return frozenset(map(folded, found))


def _effect(
    named: list[str], sentence: list[str], deed: Deed, declared: list[Declared], read_only: bool
) -> tuple[Effect, str]:
    stems = [folded(word) for word in named]
    if not deed.word:
        if named and (named[-1] in _READINGS or (read_only and _NOUNLIKE.issuperset(_fold(sentence[:1])))):
            return Effect.READ, f"“{named[-1]}” at the end of its name"
        if _lists(named, sentence, declared):
            return Effect.READ, "its description says what there is, not what is done"
        deed = _late(sentence)
        if not deed.word:
            if read_only:
                return Effect.READ, "annotated as read-only, and nothing in its name speaks against it"
            return Effect.EXECUTE, "no known verb in its name or description; counted as execution"
    verb = deed.word
    families = deed.families
    nouns = nouns_of(named)
    names = {name for entry in declared for name in name_words(entry.name)}
    said = f"“{verb}” in its {deed.where}"
    if verb == "click" and not names & _URLS:
        return Effect.EXECUTE, f"{said}, on something that is no link"
    if folded(verb) in _READS or (
        verb in {"open", "click"} and (names & _URLS or nouns & {"webpage", "file", "email", "message"})
    ):
        return Effect.READ, said
    signs_in = len(stems) > 1 and stems[0] in {"log", "sign"} and stems[1] in {"in", "on"}
    if (signs_in or any(stem in _AUTHENTICATION for stem in stems)) and not _ADMIN_WORDS.intersection(stems[1:]):
        return Effect.AUTHENTICATE, said
    if any(stem in _REACTIONS for stem in stems):
        return Effect.WRITE, said
    if _BASKETS.intersection(named) and families & {"create", "update"} and "delete" not in families:
        return Effect.WRITE, f"{said}, in a basket: nothing is bought yet"
    if _VOUCHERS.intersection(named) and "claim" in families:
        return Effect.WRITE, f"{said}, on a voucher, by which nobody but the user gains"
    if "delete" in families:
        return Effect.DELETE, said
    if "event" in nouns and "member" in nouns and families & {"invite"}:
        return Effect.SEND, f"{said}: guests are told"
    if _ADMIN_WORDS.intersection(stems) or (nouns & {"member"} and families & {"invite", "assign"}):
        return Effect.ADMINISTER, f"{said}, on {', '.join(sorted(nouns & _ADMIN_NOUNS)) or 'access'}"
    if names & _URLS and not families & {"fetch"}:
        return Effect.SEND, f"{said}, to a URL"
    if "money" in nouns and "money" not in nouns_of(word for word in named if word != verb):
        nouns -= {"money"}  # who shares something divides no costs
    return _outer_effect(verb, families, nouns, names, said)


def _lists(named: list[str], sentence: list[str], declared: list[Declared]) -> bool:
    """Whether a tool without a verb in its name only tells what there is."""
    switched = any(
        entry.required and (entry.options or (entry.type in _NUMERIC and _NUMBERING.isdisjoint(name_words(entry.name))))
        for entry in declared
    )
    given = {word for entry in declared for word in name_words(entry.name)}
    grave = not _ADMIN_WORDS.isdisjoint(_fold(named)) and not asks(sentence)
    return not switched and not grave and _ACTED_WITH.isdisjoint(given) and tells_what_is(sentence, named)


def _sends_message(declared: list[Declared], nouns: frozenset[str]) -> bool:
    """Whether a tool on messages takes somebody to tell and something to say, whatever its verb."""
    names = [set(name_words(entry.name)) for entry in declared]
    return (
        bool(nouns & {"email", "message"})
        and any(name & _TOLD for name in names)
        and any(name & _CONTENT for name in names)
    )


def _outer_effect(
    verb: str, families: frozenset[str], nouns: frozenset[str], names: set[str], said: str
) -> tuple[Effect, str]:
    money = "money" in nouns or bool(names & (_ACCOUNTS | {"amount"}))
    if folded(verb) in _MONEY_VERBS or (money and families & {"pay", "send", "book", "update", "create", "execute"}):
        return Effect.SPEND, f"{said}, with money"
    if "book" in families and nouns & {"travel"} and not families & {"create"}:
        return Effect.SPEND, f"{said}: a booking commits to pay"
    if {"create", "send"} <= families and "file" in nouns and not names & _RECIPIENTS:
        return Effect.WRITE, f"{said}, into a file"  # one writes to people, too
    if families & {"send", "publish", "invite"} - ({"invite", "publish"} if "create" in families else set()):
        if families & {"execute"} and not names & _RECIPIENTS:
            return Effect.EXECUTE, said
        return Effect.SEND, said
    if families & _OWN_WAY or (families & {"execute"} and ("code" in nouns or names & _CODE)):
        return Effect.EXECUTE, said
    if families & {"create", "update", "fetch", "book", "assign", "react"}:
        return Effect.WRITE, said
    if "pay" in families:
        return Effect.SPEND, said
    if "execute" in families:
        return Effect.EXECUTE, said
    return Effect.WRITE, said


def undeclared(name: str, profile: ToolProfile) -> Parameter:
    """What an argument is used as that the schema does not declare: its name decides, as for any other."""
    return _parameter(Declared(name=name[:200]), profile.effect, list(profile.words))


def _parameter(entry: Declared, effect: Effect, named: list[str]) -> Parameter:
    sink, why = _sink(entry, effect, nouns_of(named), named)
    return Parameter(name=entry.name, sink=sink, required=entry.required, why=why)


def _sink(entry: Declared, effect: Effect, nouns: frozenset[str], named: list[str]) -> tuple[Sink, str]:
    parts = name_words(entry.name)
    if not parts:
        return Sink.CODE, "it has no name that says what it is"
    found = set(parts)
    last = parts[-1] if parts else ""
    said = f"named “{entry.name}”"
    if entry.options or entry.type == "boolean":
        return Sink.OPTION, "a choice of the schema"
    if entry.format in {"email", "uri", "date", "date-time"}:
        kind = {"email": Sink.RECIPIENT, "uri": Sink.URL}.get(entry.format, Sink.TIME)
        return kind, f"format {entry.format}"
    if found & _PROOFS and found <= _PROOFS | {"code", "number", "one", "time", "password"}:
        return (Sink.SECRET if effect is Effect.AUTHENTICATE else Sink.OPTION), f"{said}: it proves who the user is"
    if _names_a_thing(parts):
        return Sink.OBJECT, said
    if found & _SECRETS and not (found == {"key"} and effect is Effect.READ):
        return Sink.SECRET, said
    if last in {"id", "ids"}:
        return (Sink.PATH if found & {"file"} and effect is Effect.READ else Sink.OBJECT), said
    if found & _URLS or (last == "address" and effect is Effect.READ and not _OPEN_WORLD.isdisjoint(_fold(named))):
        return Sink.URL, said
    if found & _ACCOUNTS or (effect is Effect.SPEND and found & {"recipient", "to", "receiver"}):
        return Sink.ACCOUNT, said
    if last == "code" and (found | set(named)) & _VOUCHERS:
        return Sink.OPTION, f"{said}: a voucher, by which nobody but the user gains"
    if effect is Effect.EXECUTE and found & (_CODE | {"query"}):
        return Sink.CODE, said
    if found & _PATHS:
        return Sink.PATH, said
    if (found & _TIMES or parts in _STAYS) and entry.type not in {"number"}:
        return Sink.TIME, said
    if effect is Effect.READ:
        return (Sink.QUERY, "a reading tool's argument")
    if found & _CODE and effect is Effect.AUTHENTICATE:
        return Sink.SECRET, said
    if found & _HEADS and entry.type in {"integer", "number"}:
        return Sink.AMOUNT, f"{said}, a number: how many"
    if last in _PARTIES and effect is Effect.SEND:
        return Sink.RECIPIENT, said
    if found & _RECIPIENTS or (
        last == "address" and (nouns & {"email", "message"} or effect is Effect.SPEND or _DELIVERED & {*found, *named})
    ):
        return Sink.RECIPIENT, said
    if last in _CONTENT or found & _CONTENT:
        return Sink.CONTENT, said
    if found & _AMOUNTS or (entry.type in {"number", "integer"} and "money" in nouns):
        return Sink.AMOUNT, said
    if entry.type == "number":
        return Sink.AMOUNT, f"{said}, a number: how much"
    if found & _QUERIES:
        return Sink.QUERY, said
    if "e-mail address" in entry.description.casefold() or "email address" in entry.description.casefold():
        return Sink.RECIPIENT, "described as an e-mail address"
    if entry.type in {"string", "integer", "array", ""}:
        return Sink.OBJECT, said
    return Sink.OTHER, said


def _names_a_thing(parts: list[str]) -> bool:
    """Whether an argument tells which thing is meant: ``ticketKey`` opens nothing, ``secret_name`` is no secret."""
    before, last = set(parts[:-1]), parts[-1]
    if last == "name":
        return bool(before & _SECRETS)
    return last == "key" and bool(before) and before.isdisjoint(_SECRETS | _KEYS)
