"""Texts: skills, rules for agents, prompts, corpora, code, licences. What they are for decides what an order in them
means."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import re2

from bartizan.supplychain.formats.words import words
from bartizan.supplychain.interface import ArtefactFinding, ByteSource, Context, MalformedError, scanner
from bartizan.supplychain.jinja.placeholders import UNREADABLE, dangers
from bartizan.supplychain.jinja.safety import SAFETY_RULES
from bartizan.supplychain.scanners.json_document import looks_like_json
from bartizan.supplychain.text.reading import MOST, Kind, look
from bartizan.supplychain.text.rules import TEXT_RULES

_FOR_AGENTS = words(
    """
    skill.md agents.md agent.md claude.md claude.local.md gemini.md codex.md .cursorrules .windsurfrules
    .clinerules .goosehints .roorules copilot-instructions.md conventions.md system_prompt.txt system_prompt.md
    system.txt prompt.txt prompt.md memory.md soul.md persona.md instructions.md llms.txt llms-full.txt warp.md
    jules.md tools.md
    """
)
_SUFFIXES = (
    ".mdc",
    ".prompt",
    ".prompty",
    ".prompt.md",
    ".prompt.txt",
    ".instructions.md",
    ".chatmode.md",
    ".agent.md",
    ".rules.md",
    ".skill",
)
_NOT_TEXT = frozenset({"merges.txt", "vocab.txt", "vocab.json", "bpe.codes", "tokenizer.json", "added_tokens.json"})
"""Vocabularies hold every odd character there is."""
_PROMPT = re2.compile(r"(?m)^prompt\s*=")
"""A command of an agent, written in TOML."""
_PROMPTS = (".md", ".txt", ".markdown", ".yaml", ".yml", ".tmpl", ".tpl")
_IN_CHARACTER = re2.compile(
    r"(?i)\s*(?:#[^\n]{0,120}\n\s*|<[a-z_]{1,30}>\s*){0,2}(?:you (?:are|will|act|write|answer|help|summari[sz]e|"
    r"compare|review|translate|classify|extract|work|generate|create|analy[sz]e|rewrite|respond|assist)\b|you're an? |"
    r"act as |"
    r"your (?:task|job|role|goal) is|du (?:bist|beantwortest|hilfst|schreibst|übersetzt|prüfst|antwortest)\b|"
    r"(?:vous êtes|tu es|tu réponds)\b|(?:eres|usted es)\b|você (?:é|atende|responde|ajuda)\b|sei un|jesteś |je bent |"
    r"du är |sen bir |(?:ты|вы|ти|ви) |당신은|너는|你是|您是|あなたは|أنت |आप )"
)
"""How a prompt begins: it tells a model who it is. A command names what is given to it: ``$ARGUMENTS``."""
_HEAD = 4_096
_MOST_HAZARDS = 20
_CONTROL = bytes(set(range(32)) - {7, 8, 9, 10, 12, 13, 27})


@scanner
class Instructions:
    """See the module."""

    id = "text"
    rules = (*TEXT_RULES, *SAFETY_RULES, UNREADABLE)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """UTF-8 without control characters in its first kilobytes."""
        head = source.read(0, _HEAD)
        if not head or head.translate(None, _CONTROL) != head:
            return context.name.casefold() in _FOR_AGENTS
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as error:
            return error.start >= len(head) - 3 and len(head) == _HEAD
        return not looks_like_json(source)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What the text hides or orders."""
        name = context.name.casefold()
        if name in _NOT_TEXT or name.endswith((".jinja", ".j2", ".jinja2", ".csv", ".tsv", ".svg")):
            return
        kind = Kind.INSTRUCTIONS if name in _FOR_AGENTS or name.endswith(_SUFFIXES) else Kind.MATERIAL
        raw = source.read(0, min(source.size, 4 * MOST))
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            if kind is Kind.MATERIAL:
                return
            if len(raw) - error.start > 3:
                raise MalformedError("a text that is not UTF-8", error.start) from None
            text = raw[: error.start].decode("utf-8")
        if name.endswith(".toml") and _PROMPT.search(text[:20_000]):
            kind = Kind.INSTRUCTIONS
        if kind is Kind.MATERIAL and text.startswith("---\n") and _for_agents(text[:2_000]):
            kind = Kind.INSTRUCTIONS
        kinds = [kind]
        if kind is Kind.MATERIAL and name.endswith(_PROMPTS) and (_IN_CHARACTER.match(text) or "$ARGUMENTS" in text):
            kind = Kind.INSTRUCTIONS
            kinds.append(kind)  # its first words make nothing milder that would be found without them
        for seen in dict.fromkeys(one for each in kinds for one in look(text, each)):
            context.budget.step()
            offset = len(text[: seen.at].encode("utf-8"))
            yield context.found(seen.rule, seen.explanation, offset=offset, evidence=seen.evidence)
        if kind is Kind.INSTRUCTIONS:
            yield from _placeholders(text, context)


def _for_agents(head: str) -> bool:
    """Whether the front matter is that of a skill, a command, a rule or an agent's description."""
    keys = {line.partition(":")[0].strip() for line in head.splitlines() if ":" in line and not line.startswith(" ")}
    return {"name", "description"} <= keys or bool(keys & {"allowed-tools", "argument-hint", "alwaysApply", "applyTo"})


def _placeholders(text: str, context: Context) -> Iterator[ArtefactFinding]:
    """What its placeholders would do, if they are Jinja's; other languages of templates use the same braces."""
    for hazard in itertools.islice(dangers(text), _MOST_HAZARDS):
        offset = len(text[: max(0, hazard.offset)].encode())
        yield context.found(hazard.rule, hazard.explanation, offset=offset, evidence=hazard.evidence)
