"""From what servers list, the pins and policy: which tool is offered, and why another is not. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from bartizan.agents.mcp.definition import Definition, definition_of, digest_of, shape_problem, strings
from bartizan.agents.mcp.naming import exposed, mentioned, skeleton, sound_tool_name
from bartizan.agents.mcp.pins import Identity, Pins
from bartizan.agents.mcp.scan import Finding
from bartizan.policy.mcp import McpPolicy

Scanner = Callable[[Definition], tuple[Finding, ...]]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What one server says at one moment."""

    server: str
    identity: Identity
    version: str = ""
    tools: tuple[Definition, ...] = ()
    """As on the wire."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One tool and what became of it."""

    server: str
    name: str
    """The server's own name for it."""
    exposed: str
    definition: Definition
    digest: str
    state: str
    """``offered``, ``new``, ``changed``, ``suspicious``, ``colliding``, ``malformed`` or ``foreign`` (the server is
    not the one that was pinned)."""
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    pinned: str = ""
    """Digest of the pin."""

    @property
    def offered(self) -> bool:
        """Whether clients see it and may call it."""
        return self.state == "offered"


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """One server and whether it is the one that was pinned."""

    server: str
    identity: Identity
    version: str
    changed: tuple[str, ...] = ()
    """Which parts of its identity are not the pinned ones."""
    findings: tuple[Finding, ...] = ()
    """On its instructions, not accepted."""


class Assessment(msgspec.Struct, frozen=True):
    """The state of everything behind the proxy."""

    servers: tuple[Server, ...] = ()
    entries: tuple[Entry, ...] = ()

    def offered(self) -> dict[str, Entry]:
        """What clients may call, by the name they see."""
        return {entry.exposed: entry for entry in self.entries if entry.offered}


def assess(
    listings: Sequence[Listing],
    pins: Pins,
    policy: McpPolicy,
    scanner: Scanner,
    *,
    prefixed: bool,
    monitor: bool = False,
) -> Assessment:
    """Judge everything anew.

    Args:
        listings: in the order of configuration; of two look-alikes the later one is the suspect.
        pins: what is approved. Under ``pins: first_use`` the caller has pinned what is new before.
        policy: what happens to findings.
        scanner: findings on one definition, pins aside.
        prefixed: whether names get their server's prefix.
        monitor: offer whatever can be offered at all; states say what would have been.
    """
    servers = tuple(_server(listing, pins, scanner) for listing in listings)
    foreign = {s.server: s.changed for s in servers if s.changed and policy.identity == "block"}
    drafts = [draft for listing in listings for draft in _drafts(listing, pins, policy, prefixed=prefixed)]
    names = Counter(draft.exposed for draft in drafts)
    shadows = _shadows(drafts)
    entries: list[Entry] = []
    for number, draft in enumerate(drafts):
        entry = draft
        if entry.state != "malformed":
            entry = _judge(draft, pins, policy, (*scanner(draft.definition), *shadows[number]))
        if entry.state == "offered" and entry.server in foreign:
            changed = ", ".join(foreign[entry.server])
            entry = _with(entry, "foreign", (f"the server's {changed} changed",))
        if names[entry.exposed] > 1 and entry.state != "malformed":
            entry = _with(entry, "colliding", ("another tool is called so too",))
        elif monitor and entry.state not in ("offered", "malformed"):
            entry = _with(entry, "offered", entry.reasons)
        entries.append(entry)
    return Assessment(servers, tuple(entries))


def to_scan(listings: Sequence[Listing], policy: McpPolicy) -> Iterable[Definition]:
    """Everything that :func:`assess` will have scanned."""
    for listing in listings:
        if listing.identity.instructions:
            yield {"instructions": listing.identity.instructions}
        yield from (d.definition for d in _drafts(listing, Pins(), policy, prefixed=False) if d.definition)


def _server(listing: Listing, pins: Pins, scanner: Scanner) -> Server:
    held = pins.servers.get(listing.server)
    changed: tuple[str, ...] = ()
    if held is not None:
        parts = ("source", "name", "instructions")
        changed = tuple(part for part in parts if getattr(held.identity, part) != getattr(listing.identity, part))
    findings: tuple[Finding, ...] = ()
    if listing.identity.instructions:
        accepted = held.accepted if held is not None and not changed else ()
        findings = tuple(f for f in scanner({"instructions": listing.identity.instructions}) if f.rule not in accepted)
    return Server(
        server=listing.server,
        identity=listing.identity,
        version=listing.version,
        changed=changed,
        findings=findings,
    )


def _drafts(listing: Listing, pins: Pins, policy: McpPolicy, *, prefixed: bool) -> Iterable[Entry]:
    bounds = policy.bounds
    for wire in listing.tools[: bounds.tools]:
        definition = definition_of(wire)
        name = definition.get("name")
        reason = shape_problem(definition, bounds.definition_bytes, bounds.schema_depth, bounds.schema_nodes)
        if not sound_tool_name(name):
            reason, name = "its name is not one (letters, digits, _ - .)", ascii(name)[:64]
        shown = exposed(listing.server, str(name), prefixed=prefixed)
        if not reason and not sound_tool_name(shown):
            reason = "its name is too long with the server's before it"
        pin = pins.tool(listing.server, str(name))
        yield Entry(
            server=listing.server,
            name=str(name),
            exposed=shown,
            definition={} if reason else definition,
            digest="" if reason else digest_of(definition),
            state="malformed" if reason else "offered",
            reasons=(reason,) if reason else (),
            pinned=pin.digest if pin else "",
        )


def _judge(draft: Entry, pins: Pins, policy: McpPolicy, findings: tuple[Finding, ...]) -> Entry:
    pin = pins.tool(draft.server, draft.name)
    draft = msgspec.structs.replace(draft, findings=findings)
    if pin is None:
        reasons = ("it was never approved", *map(str, findings))
        return _with(draft, "new", reasons)
    if pin.digest != draft.digest:
        return _with(draft, "changed", ("its definition is not the approved one", *map(str, findings)))
    open_ = [f for f in findings if f.rule not in pin.accepted]
    stopping = [f for f in open_ if _stops(f, policy)]
    if stopping:
        return _with(draft, "suspicious", tuple(map(str, stopping)))
    return _with(draft, "offered", tuple(map(str, open_)))


def _stops(finding: Finding, policy: McpPolicy) -> bool:
    if finding.rule == "shadow.same_name":  # the prefix tells them apart; without one they collide
        return False
    return (policy.shadowing if finding.rule.startswith("shadow.") else policy.definitions) == "block"


def _with(entry: Entry, state: str, reasons: tuple[str, ...]) -> Entry:
    return msgspec.structs.replace(entry, state=state, reasons=reasons)


def _shadows(drafts: Sequence[Entry]) -> list[list[Finding]]:
    """Look-alikes and mentions of other servers' tools, for each draft."""
    found: list[list[Finding]] = [[] for _ in drafts]
    owners: dict[str, set[str]] = defaultdict(set)
    looks: dict[str, Entry] = {}
    for number, draft in enumerate(drafts):
        if draft.state == "malformed":
            continue
        owners[draft.name].add(draft.server)
        look = skeleton(draft.name)
        first = looks.setdefault(look, draft)
        if first is not draft and first.name != draft.name:
            reason = f"its name looks like {first.name} of {first.server}"
            found[number].append(Finding("shadow.lookalike", reason))
        elif first is not draft and first.server != draft.server:
            found[number].append(Finding("shadow.same_name", f"{first.server} has a tool of the same name"))
    for number, draft in enumerate(drafts):
        if draft.state == "malformed":
            continue
        own = {name for name, servers in owners.items() if draft.server in servers}
        others = frozenset(owners) - own
        texts = [text for path, text in strings(draft.definition) if path != ("name",)]
        talked = mentioned(texts, others) if others else ()
        if talked:
            whose = ", ".join(f"{name} of {min(owners[name])}" for name in talked[:3])
            found[number].append(Finding("shadow.mention", f"it talks about {whose}"))
    return found
