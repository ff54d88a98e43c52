"""Where models are trained side by side: processes of this machine, or a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from bartizan.robustness.errors import AuditError


class Engine(StrEnum):
    """What carries the training of shadow models, surrogates and the like."""

    LOCAL = "local"
    """Processes of this machine."""
    RAY = "ray"
    """A Ray cluster: the one that RAY_ADDRESS names, or one started here."""


def elsewhere() -> bool:
    """True within :func:`engaged` by an engine that is not this machine's processes."""
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend()
    return not backend.supports_inner_max_num_threads


@contextmanager
def engaged(engine: Engine) -> Iterator[None]:
    """Within this block, :func:`~bartizan.robustness.training.train_all` uses the engine, as joblib's active backend.

    Trainers and rows travel to the cluster, and models back, by pickling: its nodes must be ones you trust.

    Raises:
        AuditError: Ray is not installed.
    """
    if engine is Engine.LOCAL:
        yield
        return
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise AuditError("there is no Ray", "install it: pip install ray") from None
    from joblib import parallel_config

    started = not ray.is_initialized()
    if started:
        ray.init(log_to_driver=False, include_dashboard=False, configure_logging=False)
    register_ray()
    try:
        with parallel_config(backend="ray"):
            yield
    finally:
        if started:
            ray.shutdown()
