"""Reads the findings that a campaign exports. The file is hostile input: bounded, strict where it matters.

``bartizan/redteam-findings/v1``; keys that are not needed here are passed over.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.problem import quote
from bartizan.core.threat import Severity, Threat
from bartizan.core.tool import ToolDefinition
from bartizan.hardening.exchange import Call, Exchange, Piece

SCHEMA: Final = "bartizan/redteam-findings/v1"
MAX_BYTES: Final = 32_000_000
MAX_FINDINGS: Final = 1_000
MAX_TEXT: Final = 50_000
"""Characters of one text; a longer one is no use as a pattern for anything."""
LEAKS: Final = frozenset({"leak_secret", "leak_system_prompt", "secret", "system_prompt"})
"""Objectives of attacks that are after words which the application keeps to itself."""
_MAX_TURNS: Final = 64
_LEAKED: Final = 4_000
MANY: Final = 20
"""Tool calls in answer to one message from which a campaign counts them as too many, unless its case says otherwise."""
LONG: Final = 4_000
"""Characters of a reply from which a campaign counts it as too long, unless its case says otherwise."""
_LIMIT: Final = re.compile(r"\b(\d{1,3}) or more$")
_LENGTH: Final = re.compile(r"\b(\d{1,6}) or more$")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"')\]]{1,500}")

_Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
_Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
_SURFACES: Final = {"user": Surface.USER, "chat": Surface.USER, "model": Surface.USER}
"""Where a turn or a plant is read; everything else that is not the application's own counts as material."""
_OWN: Final = frozenset({"assistant", "system", "developer"})


class _Turn(msgspec.Struct, frozen=True):
    text: _Text
    role: str = ""
    surface: str = ""


class _Call(msgspec.Struct, frozen=True):
    arguments: Any
    name: str = ""
    tool: str = ""


class _Tool(msgspec.Struct, frozen=True):
    name: Annotated[str, msgspec.Meta(max_length=200)]
    description: _Text = ""
    input_schema: dict[str, Any] = {}


class RedTeamFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of a campaign, as far as a control can be made of it."""

    id: _Id
    title: Annotated[str, msgspec.Meta(max_length=400)] = ""
    case: str = ""
    entry_point: str = ""
    objective: str = ""
    technique: str = ""
    converters: tuple[str, ...] = ()
    strategy: str = ""
    threat: Threat = Threat.PROMPT_INJECTION
    severity: Severity = Severity.MEDIUM
    references: tuple[str, ...] = ()
    target: Any = ""
    request: Annotated[tuple[_Turn, ...], msgspec.Meta(min_length=1, max_length=_MAX_TURNS)]
    response: _Text = ""
    evidence: Any = ""
    reproduction: Any = ""
    tools: Annotated[tuple[_Tool, ...], msgspec.Meta(max_length=200)] = ()
    calls: Annotated[tuple[_Call, ...], msgspec.Meta(max_length=50)] = ()

    @property
    def exchange(self) -> Exchange:
        """What happened, for the judge."""
        pieces = tuple(
            Piece(_SURFACES.get(turn.surface or turn.role, Surface.CONTENT), turn.text)
            for turn in self.request
            if turn.role not in _OWN and turn.text
        )
        calls = tuple(Call(call.name or call.tool, _arguments(call.arguments)) for call in self.calls)
        tools = tuple(
            ToolDefinition(name=tool.name, description=tool.description, input_schema=tool.input_schema)
            for tool in self.tools
        )
        known = {tool.name for tool in tools}
        tools += tuple(ToolDefinition(name=name) for name in {call.tool for call in calls} - known)
        return Exchange(
            pieces=pieces,
            answer=self.response,
            harm=self._harm(),
            too_long=self.too_long,
            tools=tools,
            calls=calls,
            group=self.id,
            made="finding",
        )

    @property
    def too_many(self) -> int:
        """Of a finding whose harm is the number of its tool calls: from how many on it is one. 0: its harm is
        another."""
        if self._oracle != "calls":
            return 0
        told = _LIMIT.search(self._reason)
        limit = int(told[1]) if told else MANY
        return limit if 1 < limit <= len(self.calls) else 0

    @property
    def too_long(self) -> int:
        """Of a finding whose harm is the length of its reply: from how many characters on it is one. 0: its harm is
        another."""
        if self._oracle != "length":
            return 0
        told = _LENGTH.search(self._reason)
        limit = int(told[1]) if told else LONG
        return limit if 1 < limit <= len(self.response) else 0

    @property
    def _oracle(self) -> str:
        return str(self.evidence.get("oracle", "")) if isinstance(self.evidence, dict) else ""

    @property
    def _reason(self) -> str:
        return str(self.evidence.get("reason", "")) if isinstance(self.evidence, dict) else ""

    @property
    def hostile(self) -> Surface:
        """Where the attack's text stands: in the material if there is any, else in what the user asks."""
        surfaces = {piece.surface for piece in self.exchange.pieces}
        return Surface.CONTENT if Surface.CONTENT in surfaces else Surface.USER

    def _harm(self) -> tuple[str, ...]:
        """Pieces of the response that must not be shown: what the oracle saw, and the addresses of an exfiltration."""
        piece = self.evidence.get("piece", "") if isinstance(self.evidence, dict) else self.evidence
        if self._oracle == "system_prompt":
            return self._leaked(str(piece))
        said = [text for text in _strings(piece) if len(text) >= 4 and text in self.response]
        if self.objective in {"exfiltrate", "exfiltration", "unsafe_output"}:
            said += _ADDRESS.findall(self.response)
        return tuple(dict.fromkeys(said))

    def _leaked(self, piece: str) -> tuple[str, ...]:
        """Hidden instructions, from where the oracle recognised them to the end of the response."""
        words = re.findall(r"\w+", piece[:400])
        found = re.search(r"[\W_]{1,20}".join(map(re.escape, words)), self.response, re.IGNORECASE) if words else None
        return (self.response[found.start() : found.start() + _LEAKED],) if found else ()


class ScopeNamed(msgspec.Struct, frozen=True):
    """The scope file of the campaign, as its export names it."""

    file: Annotated[str, msgspec.Meta(min_length=1, max_length=4_096)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class _File(msgspec.Struct, frozen=True):
    schema: Literal["bartizan/redteam-findings/v1"]
    findings: Annotated[tuple[RedTeamFinding, ...], msgspec.Meta(max_length=MAX_FINDINGS)]
    scope: ScopeNamed | None = None


def read_findings(path: Path) -> tuple[RedTeamFinding, ...]:
    """The findings of an export.

    Raises:
        ConfigurationError: the file is not there, too large, not of the schema, or names two findings alike.
    """
    return parse_findings(_bytes(path), path.name)


def read_scope_name(path: Path) -> ScopeNamed | None:
    """Which scope file an export was made by, if it says. Raises ConfigurationError."""
    return _decoded(_bytes(path), path.name).scope


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def parse_findings(content: bytes, name: str) -> tuple[RedTeamFinding, ...]:
    """Like :func:`read_findings`, of bytes."""
    findings = _decoded(content, name).findings
    seen: set[str] = set()
    for finding in findings:
        if finding.id in seen:
            raise ConfigurationError(f"{name} names two findings {quote(finding.id)}")
        seen.add(finding.id)
        if not finding.exchange.pieces:
            raise ConfigurationError(f"{name}: finding {finding.id} says nothing that was sent")
    return findings


def _decoded(content: bytes, name: str) -> _File:
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"{name} is larger than {MAX_BYTES} bytes")
    try:
        return msgspec.json.decode(content, type=_File)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name} is no export of findings: {error}", f"its schema is {SCHEMA}") from None


def _arguments(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value.encode())
        except (msgspec.DecodeError, UnicodeEncodeError):
            return {"arguments": value}
    return value if isinstance(value, dict) else {"arguments": value}


def _strings(value: Any) -> list[str]:
    """Every text in a JSON value, at most a thousand."""
    out: list[str] = []
    stack = [value]
    while stack and len(out) < 1_000:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)
    return out
