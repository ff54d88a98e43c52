"""What an AI system is made of: zones, data classes, components and flows."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from bartizan.core.passage import Origin


class Trust(StrEnum):
    """How far what happens in a zone is under our control; ordered from nobody's to closely kept."""

    UNTRUSTED = "untrusted"
    """Anybody can act there: the internet, customers' devices."""
    PARTNER = "partner"
    """Somebody we have a contract with: a model vendor, a processor."""
    INTERNAL = "internal"
    """Our own staff and systems."""
    RESTRICTED = "restricted"
    """Our own, with access limited to named identities."""


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the world with one level of trust; crossing into another one crosses a trust boundary."""

    trust: Trust
    inside: str = ""
    """Id of the zone around it, if any."""
    description: str = ""


class Sensitivity(StrEnum):
    """What harm follows when data of a class becomes known."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    SECRET = "secret"  # noqa: S105 - a level, not a password


class DataClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A kind of data that is treated alike."""

    sensitivity: Sensitivity
    personal: bool = False
    """Relates to identifiable people (Regulation (EU) 2016/679, Article 4(1))."""
    special_category: bool = False
    """Health, biometrics, religion and so on (Article 9(1) of the same)."""
    description: str = ""


class ComponentKind(StrEnum):
    """What a component is."""

    MODEL = "model"
    AGENT = "agent"
    """A program that lets a model choose its next action."""
    TOOL = "tool"
    """Something an agent can call."""
    DATA_STORE = "data_store"
    """Data that is read and written while the system runs: a database, an index, a memory."""
    DATASET = "dataset"
    """Data a model is trained, tuned or tested with."""
    GATEWAY = "gateway"
    SERVICE = "service"
    USER_GROUP = "user_group"
    EXTERNAL_PARTY = "external_party"


class Authentication(StrEnum):
    """How one side proves who it is."""

    UNKNOWN = "unknown"
    NONE = "none"
    PASSWORD = "password"  # noqa: S105
    API_KEY = "api_key"
    """A long-lived bearer secret."""
    TOKEN = "token"  # noqa: S105
    """A short-lived bearer token: OAuth 2, OpenID Connect, JWT."""
    SIGNED = "signed"
    """A signature per request, or a token bound to a key (DPoP, cloud request signing)."""
    MTLS = "mtls"
    """Client certificates, such as an X.509 SVID."""
    HARDWARE = "hardware"
    """A phishing-resistant authenticator: WebAuthn, a smart card."""
    LOCAL = "local"
    """The operating system vouches: same process, Unix socket, pipe."""


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who a component is towards others."""

    id: str = ""
    """A stable name such as ``spiffe://example.org/helpdesk/agent``; empty: it has none of its own."""
    authentication: Authentication = Authentication.UNKNOWN
    """How it proves that name."""


class EffectKind(StrEnum):
    """What a component can do to the world beyond answering."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    SEND = "send"
    """Messages or data leave for somebody else."""
    PAY = "pay"
    EXECUTE = "execute"
    """Runs code or commands."""
    GRANT = "grant"
    """Changes who may do what."""
    PHYSICAL = "physical"


class Effect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing a component can do."""

    kind: EffectKind
    on: str = ""
    """The component it acts on, by id; empty: outside this description."""
    reversible: Literal["yes", "no", "unknown"] = "unknown"
    approval: Literal["none", "one_person", "two_people", "unknown"] = "unknown"
    """Whether people must agree to each single use."""


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a model, dataset, tool or service comes from, and how far that is trusted."""

    trust: Literal["own", "vetted", "unvetted", "unknown"] = "unknown"
    supplier: str = ""
    source: str = ""
    """Address it was obtained from."""
    version: str = ""
    digest: str = ""
    """``sha256:…`` of the artefact in use."""
    licence: str = ""


class DeclaredControl(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A control that somebody says is there. A declaration is not evidence."""

    id: str
    """Of the catalogue, such as ``BZN-RT-01``."""
    status: Literal["planned", "in_place"] = "in_place"
    note: str = ""


class Component(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the system, or somebody around it."""

    kind: ComponentKind
    zone: str
    """Id of the zone it is in."""
    owner: str = ""
    """Who answers for it; empty is a finding, not an error."""
    description: str = ""
    identity: Identity = Identity()
    data: tuple[str, ...] = ()
    """Ids of the data classes it keeps or processes."""
    effects: tuple[Effect, ...] = ()
    provenance: Provenance = Provenance()
    controls: tuple[DeclaredControl, ...] = ()


class Flow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody calls somebody. The caller is ``from``; answers travel back on the same flow."""

    source: str = msgspec.field(name="from")
    """Id of the component that starts it; written ``from``."""
    target: str = msgspec.field(name="to")
    """Id of the component that is called; written ``to``."""
    protocol: str
    """Such as ``https``, ``mcp``, ``sql``, ``smtp``, ``file``."""
    authentication: Authentication = Authentication.UNKNOWN
    """How the caller proves who it is on this flow."""
    encryption: Literal["unknown", "none", "local", "tls", "mtls", "end_to_end"] = "unknown"
    """``local``: never leaves the machine."""
    delegation: Literal["unknown", "none", "own", "on_behalf", "impersonation"] = "unknown"
    """Whose rights apply. ``none``: anonymous; ``own``: the caller's; ``on_behalf``: a token that names both,
    narrowed to the task (RFC 8693); ``impersonation``: the user's own credential is passed on."""
    data: tuple[str, ...] = ()
    """Ids of the data classes that travel either way."""
    content: tuple[Origin, ...] = ()
    """As which origins text on this flow ends up in a model's context; empty: it does not."""
    description: str = ""
