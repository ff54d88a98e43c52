"""The paths of the Open Inference Protocol (V2) that the gateway serves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

PREFIX = "/v2"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_VERSION = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,31}"
_MODEL = re.compile(rf"/v2/models/(?P<model>{_NAME})(?:/versions/(?P<version>{_VERSION}))?(?P<rest>/infer|/ready)?")


class Kind(StrEnum):
    """What a path is for."""

    INFER = "infer"
    LIVE = "live"
    READY = "ready"
    SERVER = "server"
    MODEL = "model"
    MODEL_READY = "model_ready"


_FIXED = {
    "/v2": Kind.SERVER,
    "/v2/health/live": Kind.LIVE,
    "/v2/health/ready": Kind.READY,
}
_TEMPLATES = {
    Kind.INFER: "/v2/models/{model}/infer",
    Kind.MODEL: "/v2/models/{model}",
    Kind.MODEL_READY: "/v2/models/{model}/ready",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path, taken apart."""

    kind: Kind
    model: str = ""
    """Public name."""
    version: str = ""
    """Empty where the path names none."""

    @property
    def method(self) -> str:
        """The only one that it takes."""
        return "POST" if self.kind is Kind.INFER else "GET"

    @property
    def route(self) -> str:
        """Its name in events and metrics: one for all models."""
        return _TEMPLATES.get(self.kind) or next(path for path, kind in _FIXED.items() if kind is self.kind)

    def upstream_path(self, model: str) -> str:
        """The same below an upstream's base URL, where the model is called ``model``."""
        if not self.model:
            return self.route
        version = f"/versions/{self.version}" if self.version else ""
        rest = {Kind.INFER: "/infer", Kind.MODEL_READY: "/ready"}.get(self.kind, "")
        return f"/v2/models/{model}{version}{rest}"


def endpoint_of(path: str) -> Endpoint | None:
    """The endpoint at ``path``; None where there is none. Repositories, shared memory and statistics are not served."""
    kind = _FIXED.get(path)
    if kind is not None:
        return Endpoint(kind)
    found = _MODEL.fullmatch(path)
    if found is None:
        return None
    rest = {"/infer": Kind.INFER, "/ready": Kind.MODEL_READY}.get(found["rest"] or "", Kind.MODEL)
    return Endpoint(rest, found["model"], found["version"] or "")


def speaks(path: str) -> bool:
    """True if errors on ``path``, served or not, are said in the protocol's words."""
    return path == PREFIX or path.startswith(PREFIX + "/")
