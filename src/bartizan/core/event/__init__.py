"""Our own compact, versioned records. OCSF, ECS, ASIM and OTel are mappings of these, applied elsewhere."""

from __future__ import annotations

from bartizan.core.event.agents import (
    ApprovalDecided,
    ApprovalRedeemed,
    ApprovalRefused,
    ApprovalRequested,
    McpAnswered,
    McpDefinitionChanged,
    McpRefused,
    QuarantineChanged,
    ToolDecided,
)
from bartizan.core.event.artefacts import ArtefactScanned, ArtefactVouched, BillHandled, ScanCompleted
from bartizan.core.event.campaigns import CampaignAttempted, CampaignChanged
from bartizan.core.event.custody import (
    ContentErased,
    ContentRead,
    ExpiredFile,
    ExpiredSegment,
    HoldPlaced,
    HoldReleased,
    RecordsExpired,
)
from bartizan.core.event.detections import FindingRaised, RuleAlarmed, RulesChanged
from bartizan.core.event.journal import Head, JournalDamaged, JournalSealed, JournalStamped
from bartizan.core.event.operations import (
    ArtefactDecided,
    ConfigurationChanged,
    ControlChanged,
    ModelPulled,
    ProcessChanged,
    SinkAlarmed,
)
from bartizan.core.event.record import EVENT_VERSION, Commitment, TensorRecord, Timing, Usage
from bartizan.core.event.requests import RefusalsCounted, RequestAccepted, RequestCompleted, RequestRefused

Event = (
    RequestAccepted
    | RequestCompleted
    | RequestRefused
    | RefusalsCounted
    | ConfigurationChanged
    | ControlChanged
    | ProcessChanged
    | SinkAlarmed
    | ModelPulled
    | ArtefactDecided
    | ArtefactScanned
    | ScanCompleted
    | ArtefactVouched
    | BillHandled
    | JournalSealed
    | JournalStamped
    | JournalDamaged
    | ContentRead
    | ContentErased
    | HoldPlaced
    | HoldReleased
    | RecordsExpired
    | ApprovalRequested
    | ApprovalDecided
    | ApprovalRedeemed
    | ApprovalRefused
    | QuarantineChanged
    | ToolDecided
    | McpAnswered
    | McpDefinitionChanged
    | McpRefused
    | FindingRaised
    | RuleAlarmed
    | RulesChanged
    | CampaignChanged
    | CampaignAttempted
)

__all__ = [
    "EVENT_VERSION",
    "ApprovalDecided",
    "ApprovalRedeemed",
    "ApprovalRefused",
    "ApprovalRequested",
    "ArtefactDecided",
    "ArtefactScanned",
    "ArtefactVouched",
    "BillHandled",
    "CampaignAttempted",
    "CampaignChanged",
    "Commitment",
    "ConfigurationChanged",
    "ContentErased",
    "ContentRead",
    "ControlChanged",
    "Event",
    "ExpiredFile",
    "ExpiredSegment",
    "FindingRaised",
    "Head",
    "HoldPlaced",
    "HoldReleased",
    "JournalDamaged",
    "JournalSealed",
    "JournalStamped",
    "McpAnswered",
    "McpDefinitionChanged",
    "McpRefused",
    "ModelPulled",
    "ProcessChanged",
    "QuarantineChanged",
    "RecordsExpired",
    "RefusalsCounted",
    "RequestAccepted",
    "RequestCompleted",
    "RequestRefused",
    "RuleAlarmed",
    "RulesChanged",
    "ScanCompleted",
    "SinkAlarmed",
    "TensorRecord",
    "Timing",
    "ToolDecided",
    "Usage",
]
