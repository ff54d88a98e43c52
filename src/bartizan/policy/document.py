"""The schema of ``policy.yaml``: what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from bartizan.core.limits import Limits
from bartizan.core.passage import Origin, Path, Surface
from bartizan.core.problem import Problem
from bartizan.core.quantity import Amount, Natural, Positive, Seconds, Share
from bartizan.core.secretref import SecretRef
from bartizan.core.threat import Guard
from bartizan.core.tool_budget import ToolLimits
from bartizan.core.verdict import Action, Mode
from bartizan.policy.answers import Answers
from bartizan.policy.approvals import ApprovalRules, Approver
from bartizan.policy.artefacts import ArtefactPolicy
from bartizan.policy.mcp import McpPolicy
from bartizan.policy.models import ModelRules, model_problems
from bartizan.policy.passages import Passages
from bartizan.policy.tokens import Tokens, token_problems
from bartizan.policy.tool_profiles import ToolOverride, override_problems
from bartizan.policy.tools import ToolPolicy


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule: what happens when ``guard`` reaches ``threshold`` on a surface."""

    action: Action
    """What happens to text that reaches the threshold."""
    threshold: Share = 0.5
    """Lowest score, in [0, 1], at which the row fires."""
    mode: Mode = Mode.ENFORCE
    """In `monitor` the row only records what it would have done."""


class UncoveredRows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to content that no guard reads. ``flag`` lets it pass and says so in the journal."""

    image: Action = Action.FLAG
    """Pictures."""
    audio: Action = Action.FLAG
    """Sound."""
    video: Action = Action.BLOCK
    """Film."""
    file: Action = Action.BLOCK
    """PDF and other files that travel inside the request."""
    encrypted: Action = Action.FLAG
    """Opaque protocol state, such as encrypted reasoning."""
    reference: Action = Action.FLAG
    """Content that is elsewhere: ``previous_response_id``, file ids, remote URLs."""
    unread: Action = Action.BLOCK
    """Text that a guard gave up on, for its size or time."""
    max_blob_bytes: Natural = 20_000_000
    """A larger blob is refused, whatever its kind."""


class UnknownRows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to shapes that Bartizan does not know."""

    field: Literal["inspect", "refuse"] = "inspect"
    """Strings in unknown request fields are inspected as user text and as content, or the request is refused."""


class Links(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hosts that output may link to; ``*.example.com`` covers subdomains."""

    allow: tuple[str, ...] = ()
    """Hosts, such as `docs.example.com` or `*.example.com`."""
    check_plain: bool = False
    """Also judge plain links, not only images and other links that load or hide."""


class Canary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A planted marker that must never appear in output."""

    name: str
    """Named in signals; not secret."""
    value: SecretRef
    """The marker itself, by environment variable or file."""


class KnownValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of values, such as your customers' telephone numbers, of which only keyed digests are kept."""

    name: str
    """Named in signals; not secret."""
    file: str
    """Such as `known/customers.json`; `bartizan policy known-values` writes it."""
    key: SecretRef
    """Under which the digests were made, by environment variable or file."""


class Streaming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hold-back of streamed output."""

    hold_back: Natural = 256
    """Most characters held per channel."""
    at_cap: Literal["release", "end"] = "release"
    """Past the cap: release the oldest held text, or end the stream."""
    max_tool_args: Positive = 65_536
    """Characters of tool-call arguments held until the call is complete."""
    logprobs: Literal["strip", "refuse"] = "strip"
    """Token log-probabilities repeat the text before it was inspected."""


class RefusalStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a block is said to the client."""

    style: Literal["error", "message"] = "message"
    """An answer that says the text and ends as a refusal, or the protocol's error object."""
    text: str = "Sorry, I cannot help with that: this request was declined by policy."
    """All that a client is told."""


class Bodies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on a request body."""

    max_bytes: Positive = 10_000_000
    """Bytes of a body, also after decompression."""
    max_depth: Positive = 64
    """Nesting of the JSON document."""
    max_parts: Positive = 4_096
    """Texts and blobs in one request, and texts in an answer of tensors."""
    max_elements: Positive = 4_000_000
    """Numbers in all tensors of one request or answer."""
    read_seconds: Seconds = 15.0
    """Until the body has arrived."""


class Classifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The trained model behind the signatures."""

    enabled: bool = True
    """Off leaves prompt injection to the signatures alone."""
    confirms_frames: bool = True
    """Signatures of what stands around an order, and weak ones together, count in full only where the model saw a trace
    of an order in the material, or did not read it. Off lets them decide alone."""


class Pseudonyms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Replace personal data towards the model and put it back in the answer."""

    enabled: bool = False
    """Off unless switched on."""


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cost per million tokens."""

    input: Amount = 0.0
    """Per million input tokens."""
    output: Amount = 0.0
    """Per million output tokens."""


class VirtualKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client credential; only its hash is stored."""

    principal: str
    """Whom the key stands for; limits and cool-down count per principal."""
    sha256: str
    """Hexadecimal SHA-256 of the key (256 random bits, so no salt is needed)."""
    debug: bool = False
    """May see verdict and deciding rule in response headers."""
    disabled: bool = False
    """Refuse this key."""
    models: tuple[str, ...] = ()
    """Models it may use; empty: every configured one."""
    limits: Limits | None = None
    """Its own limits; without them those of the policy."""


class Hardening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How controls made from findings come into force and how long they count."""

    monitor_first: bool = False
    """A control is first approved in a form that only records; a second approval enforces it."""
    verify_days: Positive = 30
    """So long its evidence holds; `bartizan harden verify` renews it."""
    expires_days: Positive = 180
    """After so long the control must be proposed anew, or rolled back."""


class ContentRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the journal keeps of content."""

    keep: Literal["commitment", "text", "vault"] = "commitment"
    """Keyed commitments alone; or the text too, in the record, where it stays (``text``), or in the encrypted vault,
    where it can be erased (``vault``). It is redacted first by the secret and personal-data guards."""
    sketches: bool = False
    """Keep a keyed sketch of each text in the vault, by which `bartizan hunt similar` finds texts like it. It needs no
    kept text."""


GuardRows = dict[Guard, Row]


def _default_surfaces() -> dict[Surface, GuardRows]:
    return {
        Surface.USER: {
            Guard.PROMPT_INJECTION: Row(Action.BLOCK),
            Guard.SECRET: Row(Action.FLAG),
            Guard.PERSONAL_DATA: Row(Action.ALLOW),
            Guard.OBFUSCATION: Row(Action.FLAG),
        },
        Surface.CONTENT: {
            Guard.PROMPT_INJECTION: Row(Action.BLOCK),
            Guard.SECRET: Row(Action.FLAG),
            Guard.PERSONAL_DATA: Row(Action.ALLOW),
            Guard.OBFUSCATION: Row(Action.FLAG),
        },
        Surface.OUTPUT: {
            Guard.CANARY: Row(Action.BLOCK),
            Guard.KNOWN_VALUE: Row(Action.REDACT),
            Guard.PASSAGE: Row(Action.BLOCK),
            Guard.SECRET: Row(Action.REDACT),
            Guard.PERSONAL_DATA: Row(Action.FLAG),
            Guard.OUTPUT_HAZARD: Row(Action.REDACT),
        },
    }


def _default_origins() -> dict[Origin, tuple[Surface, ...]]:
    return {
        Origin.SYSTEM: (),
        Origin.USER: (Surface.USER, Surface.CONTENT),
        Origin.ASSISTANT: (Surface.CONTENT,),
        Origin.TOOL_DEFINITION: (Surface.CONTENT,),
        Origin.TOOL_CALL: (Surface.CONTENT,),
        Origin.TOOL_RESULT: (Surface.CONTENT,),
        Origin.RETRIEVED: (Surface.CONTENT,),
        Origin.MEMORY: (Surface.CONTENT,),
    }


class PolicyDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``policy.yaml``."""

    version: Literal[1]
    """Of this file's schema."""
    mode: Mode = Mode.ENFORCE
    """In `monitor` nothing is changed or blocked; what would have been is recorded."""
    surfaces: dict[Surface, GuardRows] = msgspec.field(default_factory=_default_surfaces)
    """Per surface, which guard at which threshold does what. A guard without a row does not run on that surface."""
    origins: dict[Origin, tuple[Surface, ...]] = msgspec.field(default_factory=_default_origins)
    """As which surfaces a passage of each origin is read; an empty list trusts that origin."""
    uncovered: UncoveredRows = UncoveredRows()
    unknown: UnknownRows = UnknownRows()
    links: Links = Links()
    payloads: tuple[Literal["sql", "shell", "template", "spreadsheet", "terminal"], ...] = ()
    """Places where your application runs output without a check: their payloads are output hazards too."""
    canaries: tuple[Canary, ...] = ()
    known_values: tuple[KnownValues, ...] = ()
    passages: Passages = Passages()
    streaming: Streaming = Streaming()
    answers: Answers = Answers()
    refusal: RefusalStyle = RefusalStyle()
    bodies: Bodies = Bodies()
    classifier: Classifier = Classifier()
    pseudonyms: Pseudonyms = Pseudonyms()
    content: ContentRecord = ContentRecord()
    prices: dict[str, Price] = msgspec.field(default_factory=dict)
    """Per public model name, for cost budgets."""
    limits: Limits = Limits()
    """For keys that name none of their own."""
    tool_profiles: dict[str, ToolOverride] = msgspec.field(default_factory=dict)
    """What tools do, by name or by `beginning*`, where you know better than their definitions."""
    tools: ToolPolicy = ToolPolicy()
    tool_limits: ToolLimits = ToolLimits()
    approvals: ApprovalRules = ApprovalRules()
    approvers: tuple[Approver, ...] = ()
    """People who may approve tool calls; `bartizan approvals enroll` makes a key for one. None means that what would be
    asked is blocked."""
    keys: tuple[VirtualKey, ...] = ()
    """Client credentials; `bartizan keys create` makes one."""
    tokens: Tokens = Tokens()
    anonymous: bool = False
    """Serve clients without a key, as the principal ``anonymous``. Only for loopback and labs."""
    models: dict[str, ModelRules] = msgspec.field(default_factory=dict)
    """Models under the Open Inference Protocol, by public name. One that is not here is not served on its routes."""
    disabled_signatures: tuple[str, ...] = ()
    """Ids of signatures that do not run."""
    mcp: McpPolicy = McpPolicy()
    hardening: Hardening = Hardening()
    artefacts: ArtefactPolicy = ArtefactPolicy()

    def problems(self) -> Iterable[Problem]:
        """See :class:`bartizan.core.problem.SelfChecking`."""
        if self.known_values and not any(Guard.KNOWN_VALUE in rows for rows in self.surfaces.values()):
            where: Path = ("known_values",)
            hint = "surfaces: {output: {known_value: {action: redact}}}"
            yield Problem(where, "values for which no surface is looked through", "a row known_value", hint)
        if self.passages and Guard.PASSAGE not in self.surfaces.get(Surface.OUTPUT, {}):
            where = ("passages",)
            yield Problem(
                where, "passages that no row looks for", "a row", "surfaces: {output: {passage: {action: block}}}"
            )
        yield from override_problems(self.tool_profiles)
        yield from model_problems(self.models)
        yield from token_problems(self.tokens, self.tools.guard)
