"""How the scope file describes a target."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from bartizan.core.passage import Path
from bartizan.core.problem import Problem, quote
from bartizan.redteam.case import Id
from bartizan.redteam.scope_servers import HostileSpec, MailboxSpec, ToolRequest, ToolServerSpec, server_problems
from bartizan.redteam.secret import SecretText
from bartizan.redteam.taxonomy import DIRECT, EntryPoint


class Kind(StrEnum):
    """What a target speaks."""

    OPENAI = "openai"
    """Chat completions."""
    ANTHROPIC = "anthropic"
    """Messages."""
    HTTP = "http"
    """Any JSON over HTTP, by templates."""
    PYTHON = "python"
    """A callable: ``module:function``."""
    MCP = "mcp"
    """A tool of an MCP server."""
    AGENT = "agent"
    """An agent with MCP servers, one of which is the campaign's own."""


class RequestTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One HTTP request. ``{message}``, ``{content}``, ``{title}``, ``{conversation}`` and captured names are slots."""

    url: str
    """Absolute, or a path under the target's ``url``."""
    method: Annotated[str, msgspec.Meta(pattern="^(GET|POST|PUT|PATCH|DELETE)$")] = "POST"
    headers: dict[str, str] = {}
    body: Any = None
    """JSON with slots in its texts; a text is sent as it is, with ``content-type`` from ``headers``."""
    form: dict[str, str] = {}
    """Sent as ``application/x-www-form-urlencoded`` in place of ``body``."""
    capture: dict[str, str] = {}
    """Name to JSON path in the answer: later requests of the conversation may use ``{name}``."""


class ReplyPaths(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an answer's parts stand: keys and indices joined by dots; ``*`` is every item of a list."""

    text: str = ""
    """Empty: the whole body as text."""
    tool_calls: str = ""
    """A list of calls."""
    tool_name: str = "name"
    tool_arguments: str = "arguments"
    tokens_in: str = ""
    tokens_out: str = ""


class PageServerSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where hostile pages are served, only while a campaign runs."""

    host: str = "127.0.0.1"
    """Address to listen on. Say another one only where nobody else can reach it."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    """0 takes a free one."""
    url: str = ""
    """Base URL under which the application reaches it, if that is not the address itself."""


class TargetSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One target that may be attacked."""

    id: Id
    kind: Kind
    url: str = ""
    """``openai`` and ``anthropic``: base URL, ending in ``/v1`` as clients want it. ``http``: base of relative URLs."""
    model: str = ""
    key: SecretText | None = None
    headers: dict[str, SecretText] = {}
    """Sent with every request."""
    system: SecretText | None = None
    """A system message, for a bare model that stands for an application."""
    tools: tuple[dict[str, Any], ...] = ()
    """Tool definitions of chat completions, for a bare model. They are offered, never run."""
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 512
    temperature: Annotated[float, msgspec.Meta(ge=0.0, le=2.0)] | None = None
    entry_points: tuple[EntryPoint, ...] = ()
    """Empty: ``openai`` and ``anthropic`` all seven, as messages of their form; ``http`` chat and what ``plant`` names;
    ``python`` chat; ``mcp`` chat and what ``plant_by`` names; ``agent`` tool_output and tool_metadata."""
    callable: str = ""
    """``python``: ``module:function``, installed or beside the scope file;
    ``async def f(message: str, history: list) -> str | dict``."""
    values: dict[str, SecretText] = {}
    """``http``: further slots for its templates, such as a password."""
    login: RequestTemplate | None = None
    """``http``: sent once for each conversation; cookies are kept."""
    ask: RequestTemplate | None = None
    """``http``: one message."""
    reply: ReplyPaths = ReplyPaths()
    plant: dict[EntryPoint, RequestTemplate] = {}
    """``http``: how content is brought in at an indirect entry point."""
    remove: dict[EntryPoint, RequestTemplate] = {}
    """``http``: how it is taken out again when the conversation ends."""
    questions: dict[EntryPoint, str] = {}
    """At an indirect entry point: what a user says so that the application reads what was planted, such as "What do
    guests say of the Harbour Hotel?". Stands before each case's own request, which may be about something else."""
    pages: tuple[EntryPoint, ...] = ()
    """Entry points whose content is served as a web page, for an application that fetches what a user names."""
    page_server: PageServerSpec = PageServerSpec()
    mail: tuple[EntryPoint, ...] = ()
    """Entry points whose content is an e-mail in the campaign's own mailbox, for an application that reads its mail
    over IMAP or POP3; these cases run one at a time. ``questions`` says what a user says so that it does."""
    mailbox: MailboxSpec = MailboxSpec()
    isolated: bool = False
    """``http``, ``mcp``: planted content is met in its own conversation only. If not, indirect cases run one at a time,
    and ``remove`` must say how content is taken out again."""
    servers: tuple[ToolServerSpec, ...] = ()
    """``mcp``: the one that is attacked. ``agent``: those whose tools it has."""
    ask_by: ToolRequest | None = None
    """``mcp``: the call that stands for one message."""
    plant_by: dict[EntryPoint, ToolRequest] = {}
    """``mcp``: the call that brings content in at an indirect entry point; needs ``isolated``."""
    hostile: HostileSpec | None = None
    """``agent``: serve the campaign's own MCP server over HTTP; indirect cases then run one at a time."""
    steps: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 20
    """``agent``: most tool calls for one message."""
    blocked_statuses: tuple[int, ...] = ()
    """Statuses by which a guard of this target refuses; all others but 2xx are errors, and inconclusive. A wrong key or
    a session that ran out often means 403 too: list it only where these have a status of their own."""

    def templates(self) -> Iterable[tuple[Path, RequestTemplate]]:
        """Every request template and where it stands."""
        for name in ("login", "ask"):
            template = getattr(self, name)
            if template is not None:
                yield (name,), template
        for name, templates in (("plant", self.plant), ("remove", self.remove)):
            for key, template in templates.items():
                yield (name, key), template


def same_origin(base: str, url: str) -> bool:
    """Whether ``url`` is a path, or has scheme, host and port of ``base``: the scope names hosts, not the answers."""
    if url.startswith("/") and not url.startswith("//"):
        return True
    try:
        one, other = urlsplit(base), urlsplit(url)
        return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)
    except ValueError:
        return False


def names_user(url: str) -> bool:
    """Whether ``url`` carries a user or a password, which would be written to plans and reports."""
    try:
        return "@" in urlsplit(url).netloc
    except ValueError:
        return "@" in url


def _user_problems(spec: TargetSpec, path: Path) -> Iterable[Problem]:
    places: list[tuple[Path, str]] = [(("url",), spec.url), (("page_server", "url"), spec.page_server.url)]
    places += [((*field, "url"), template.url) for field, template in spec.templates()]
    places += [(("servers", index, "url"), one.url) for index, one in enumerate(spec.servers)]
    for field, url in places:
        if names_user(url):
            hint = "send it as a header: headers: {Authorization: {env: NAME}}"
            yield Problem((*path, *field), "a user or password in a URL", "a URL without one", hint)


def _tool_problems(spec: TargetSpec, path: Path) -> Iterable[Problem]:
    if spec.kind is Kind.AGENT:
        for name in spec.entry_points:
            if name not in {EntryPoint.CHAT, EntryPoint.TOOL_OUTPUT, EntryPoint.TOOL_METADATA}:
                yield Problem((*path, "entry_points"), str(name), "chat, tool_output or tool_metadata")
    if spec.kind is Kind.MCP:
        if len(spec.servers) > 1 or any(one.hostile for one in spec.servers):
            yield Problem((*path, "servers"), "several, or a hostile one", "the one server that is attacked")
        for name in spec.entry_points:
            if name not in {*DIRECT, *spec.plant_by}:
                yield Problem((*path, "entry_points"), f"{name}, which plant_by does not name", f"plant_by.{name}")
        if spec.plant_by and not spec.isolated:
            hint = "a server that is a command has its own state for each conversation"
            yield Problem((*path, "plant_by"), "content that is not taken out again", "isolated: true", hint)


def _served_problems(spec: TargetSpec, path: Path) -> Iterable[Problem]:
    for field in ("pages", "mail"):
        for name in getattr(spec, field):
            if name in DIRECT:
                hint = "at chat and model the attack is the message itself"
                yield Problem((*path, field), str(name), "indirect entry points", hint)
    for name in spec.mail:
        if name in spec.pages:
            yield Problem((*path, "mail"), f"{name}, which is a page, too", "one of the two")
    if spec.mail:
        yield from spec.mailbox.problems((*path, "mailbox"))


def kind_problems(spec: TargetSpec, path: Path) -> Iterable[Problem]:
    """What a target of its kind lacks."""
    needs = {
        Kind.PYTHON: ("callable",),
        Kind.HTTP: ("url", "ask"),
        Kind.MCP: ("servers", "ask_by"),
        Kind.AGENT: ("servers", *(("url",) if spec.model else ())),
    }.get(spec.kind, ("url", "model"))
    for name in needs:
        if not getattr(spec, name):
            yield Problem((*path, "kind"), f"{spec.kind} without {name}", f"the field {name}")
    yield from _user_problems(spec, path)
    yield from server_problems(spec.servers, path)
    yield from _tool_problems(spec, path)
    yield from _served_problems(spec, path)
    if spec.url and not spec.url.startswith(("http://", "https://")):
        yield Problem((*path, "url"), quote(spec.url), "http:// or https://")
    for field, template in spec.templates():
        if not same_origin(spec.url, template.url) and not names_user(template.url):
            yield Problem((*path, *field, "url"), quote(template.url), f"a path, or a URL under {spec.url}")
    for name in spec.questions:
        if name in DIRECT:
            hint = "at chat and model the attack is the message itself"
            yield Problem((*path, "questions", name), "a question", "an indirect entry point", hint)
        elif not spec.questions[name].strip():
            yield Problem((*path, "questions", name), "no text", "a question")
    if spec.kind is Kind.HTTP:
        for name in spec.entry_points:
            if name not in {*DIRECT, *spec.plant, *spec.pages, *spec.mail}:
                yield Problem((*path, "entry_points"), f"{name}, which plant does not name", f"plant.{name}")
        for name in spec.plant:
            if not spec.isolated and name not in spec.remove:
                hint = "or say isolated: true when no other conversation meets what one plants"
                yield Problem((*path, "plant", name), "no way to take content out again", f"remove.{name}", hint)
