"""BUILD: ``__setstate__``, or the state's keys become attributes. Who may take a state, and which keys it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bartizan.supplychain.pickles import dtypes
from bartizan.supplychain.pickles import findings as rules
from bartizan.supplychain.pickles.calls import bindable
from bartizan.supplychain.pickles.values import (
    Box,
    Dtype,
    Instance,
    Mapping,
    Name,
    Opaque,
    Raw,
    Text,
    Unknown,
    describe,
    with_more,
)

if TYPE_CHECKING:
    from bartizan.supplychain.pickles.judge import Judge

_HARMLESS = frozenset({"__version__", "__doc__", "__name__", "__qualname__", "__module__", "__annotations__"})
"""Attributes with two underscores that only describe."""
_WRAPPERS = frozenset({"joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle"})


def set_state(judge: Judge, instance: Any, state: Any) -> Any:
    """The object after BUILD."""
    if isinstance(instance, Unknown):
        return instance
    if isinstance(instance, Dtype):
        try:
            dtypes.set_state(instance, state)
        except dtypes.DtypeError as why:
            return judge.report(
                rules.DTYPE, f"numpy would get a dtype whose state is not to be believed: {why}.", str(why)
            )
        return instance
    permission = instance.origin.permission if isinstance(instance, Instance) else None
    if not isinstance(instance, Instance) or permission is None or not permission.build:
        what = "change" if isinstance(instance, Name) else "set the state of"
        return judge.report(rules.BUILD, f"Loading would {what} {describe(instance)}.", describe(instance))
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], Mapping) and not permission.slots:
        return judge.report(
            rules.BUILD, f"Loading would set attributes of {describe(instance)} one by one.", describe(instance)
        )
    if state is instance and _own_items(instance):  # how a dict that is its own attributes is written
        return instance
    if isinstance(state, Box | Instance | Name):  # dict.update would take pairs and foreign mappings as well
        return judge.report(
            rules.BUILD,
            f"Loading would set the state of {describe(instance)} from {describe(state)}.",
            describe(instance),
        )
    for part in state if isinstance(state, tuple) else (state,):
        if isinstance(part, Mapping):
            _keys(judge, instance, part)
    if not _special(judge, instance, state):
        return Unknown(rules.BUILD.id)
    instance.built = True
    instance.inner = with_more(instance.inner, (state,))
    if instance.origin.name == "NumpyArrayWrapper" and instance.origin.module in _WRAPPERS:
        judge.wrappers = True
        if judge.array is not None:
            return judge.array(judge, instance)
    return instance


def _keys(judge: Judge, instance: Instance, state: Mapping) -> None:
    state.state = True
    instance.shadows = instance.shadows or state.methods
    if len(instance.known) < 1_000:
        instance.known.update(state.known)
    if state.dunder and state.dunder not in _HARMLESS:
        judge.report(
            rules.DUNDER,
            f"Loading would set {state.dunder} on {describe(instance)}: later opcodes or loaders would call it.",
            state.dunder,
        )


def _special(judge: Judge, instance: Instance, state: Any) -> bool:
    """Checks for single classes whose ``__setstate__`` goes by what the state says."""
    name = instance.origin.dotted
    if name == "functools.partial":
        function = state[0] if isinstance(state, tuple) and len(state) == 4 else None
        if not bindable(function):
            judge.report(rules.BUILD, "A partial function gets another function.", describe(function))
            return False
    known = instance.known
    if instance.origin.module.startswith("scipy.stats.") and not (
        isinstance(state, Mapping) and _distribution(known, state)
    ):
        judge.report(
            rules.BUILD, "scipy would run the template of a distribution as Python source.", instance.origin.dotted
        )
        return False
    if instance.origin.module == "statsmodels.base.data" and not _without_formula(state):
        judge.report(
            rules.BUILD,
            "statsmodels would evaluate the formula that the state holds as Python source. Saved without its formula "
            "(built from arrays or data frames) the model loads without running anything.",
            instance.origin.dotted,
        )
        return False
    if instance.origin.name in _ARROW and not _restored(state):
        judge.report(
            rules.BUILD, "pyarrow would go through what the state says its values are.", instance.origin.dotted
        )
        return False
    if instance.origin.name == "ndarray" and not _array(state):
        judge.report(rules.DTYPE, "An array's raw bytes do not belong to its dtype.", describe(state))
        return False
    return True


_ARROW = frozenset({"ArrowStringArray", "ArrowStringArrayNumpySemantics", "ArrowExtensionArray"})


def _restored(state: Any) -> bool:
    """Whether the values of an array of pandas are an array of pyarrow, and nothing else that could be gone through."""
    values = [state.known.get(key) for key in ("_pa_array", "_data")] if isinstance(state, Mapping) else []
    made = [one for one in values if one is not None]
    return (
        len(made) == 1
        and state.count == len(state.known)
        and isinstance(made[0], Instance)
        and made[0].origin.dotted in ("pyarrow.lib._restore_array", "pyarrow.lib.chunked_array")
    )


def _array(state: Any) -> bool:
    match state:
        case (int(), tuple(), Dtype() as dtype, bool() | int(), raw):
            empty = isinstance(raw, Instance) and raw.origin.dotted == "builtins.bytes" and not raw.arguments
            return isinstance(raw, Box) if dtype.objects else empty or isinstance(raw, Raw | str | Text | Opaque)
        case _:
            return False


def _without_formula(state: Any) -> bool:
    """Whether the state of a model's data of statsmodels does not ask for its formula to be evaluated."""
    return (
        isinstance(state, Mapping)
        and state.count == len(state.known)
        and not {"restore_design_info", "restore_model_spec"} & state.known.keys()
    )


def _own_items(instance: Instance) -> bool:
    """Whether a dict's items may become its own attributes: none is named like what opcodes or loaders call."""
    kind = instance.origin.permission
    if kind is None or not (kind.build and kind.items) or instance.arguments != () or instance.shadows:
        return False
    return not instance.special


def _distribution(known: dict[str, Any], state: Mapping) -> bool:
    """Whether a state is that of a distribution of scipy, whose template is run when it is set."""
    complete = state.count == len(state.known)
    return complete and (
        "_parse_arg_template" not in known or _harmless_template(known["_parse_arg_template"], known.get("shapes"))
    )


def _harmless_template(template: Any, shapes: Any) -> bool:
    """Whether scipy itself would have made this source (``scipy.stats``: it is run when a distribution is loaded)."""
    words = shapes.replace(",", " ").split() if isinstance(shapes, str) else []
    if not (shapes is None or isinstance(shapes, str)) or not all(word.isidentifier() for word in words):
        return False
    names = ", ".join(words) + ", " if words else ""
    for given, passed in (("loc=0, scale=1", "loc, scale"), ("loc=0", "loc, 1")):
        source = (
            f"\ndef _parse_args(self, {names} {given}):\n    return ({names}), {passed}\n"
            f"\ndef _parse_args_rvs(self, {names} {given}, size=None):\n"
            f"    return self._argcheck_rvs({names} {passed}, size=size)\n"
            f"\ndef _parse_args_stats(self, {names} {given}, moments='mv'):\n    return ({names}), {passed}, moments\n"
        )
        if template == source:
            return True
    return False
