"""What loading would run later or from a state: bound functions, and formulas of statsmodels."""

# ruff: noqa: E501

from __future__ import annotations

import pickle

import numpy as np
import pytest

from bartizan.bench.supplychain.assembler import Raw, call, name, whole
from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.supplychain.scanning import ArtefactScanner


def scan(content: bytes) -> ArtefactReport:
    return ArtefactScanner().scan_bytes(content, "model.pkl")


def made(module: str, kind: str, state: object) -> bytes:
    """``module.kind`` made without arguments and given a state."""
    return b"\x80\x02c%s\n%s\n)\x81%sb." % (module.encode(), kind.encode(), pickle.dumps(state, 2)[2:-1])


@pytest.mark.parametrize(
    ("module", "function"),
    [
        ("torch.storage", "_load_from_bytes"), ("numpy._core", "_ufunc_reconstruct"), ("builtins", "getattr"),
        ("copyreg", "_reconstructor"), ("torch._tensor", "_rebuild_from_type_v2"), ("functools", "partial"),
        ("pandas.core.indexes.base", "_new_Index"),
    ],
)  # fmt: skip
def test_what_needs_a_check_on_its_arguments_is_not_bound_to_them(module: str, function: str) -> None:
    by_call = whole(call("functools", "partial", (Raw(name(module, function)), b"any")))
    state = b"\x80\x02cfunctools\npartial\ncbuiltins\nint\n\x85R(c%s\n%s\n)}Ntb." % (module.encode(), function.encode())
    assert scan(by_call).verdict is Admission.BLOCK
    assert scan(state).verdict is Admission.BLOCK


@pytest.mark.parametrize("kind", ["ModelData", "PandasData"])
@pytest.mark.parametrize("asked", ["restore_design_info", "restore_model_spec"])
def test_a_formula_that_loading_would_evaluate_is_blocked_with_the_reason(kind: str, asked: str) -> None:
    plain = {"ynames": "y", "xnames": ["const", "x1"], "formula": "y ~ x1"}
    assert scan(made("statsmodels.base.data", kind, plain)).verdict is Admission.ALLOW
    report = scan(made("statsmodels.base.data", kind, {**plain, asked: True}))
    assert report.verdict is Admission.BLOCK
    assert "evaluate the formula" in report.findings[0].explanation


def test_a_state_whose_keys_cannot_all_be_seen_does_not_hide_a_formula() -> None:
    many = {f"k{number}": number for number in range(20_000)}
    report = scan(made("statsmodels.base.data", "ModelData", {**many, "restore_design_info": True, "formula": "f()"}))
    assert report.verdict is Admission.BLOCK


ZONE = b"\x80\x04cbuiltins\ngetattr\n(czoneinfo\nZoneInfo\n\x8c\x09_unpicklet\x52\x8c%c%s\x88\x86R."
SCHEDULE = b"\x80\x02cbuiltins\ngetattr\nctorch.optim.lr_scheduler\nOneCycleLR\n%sX%c\x00\x00\x00%s\x86R."


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        (b"Europe/Rome", Admission.ALLOW), (b"America/Argentina/Buenos_Aires", Admission.ALLOW), (b"Etc/GMT+3", Admission.ALLOW),
        (b"../../etc/passwd", Admission.BLOCK), (b"/etc/passwd", Admission.BLOCK), (b"Europe/../Rome", Admission.BLOCK),
    ],
)  # fmt: skip
def test_a_time_zone_is_made_by_its_name_alone(key: bytes, verdict: Admission) -> None:
    assert scan(ZONE % (len(key), key)).verdict is verdict


@pytest.mark.parametrize("made_first", [b"", b")\x81"])
@pytest.mark.parametrize(("name_", "verdict"), [(b"_annealing_cos", Admission.ALLOW), (b"step", Admission.BLOCK)])
def test_a_schedule_keeps_its_own_functions_and_no_other(name_: bytes, made_first: bytes, verdict: Admission) -> None:
    assert scan(SCHEDULE % (made_first, len(name_), name_)).verdict is verdict


def test_what_getattr_gives_is_not_called() -> None:
    called = SCHEDULE % (b"", 14, b"_annealing_cos")
    assert scan(called[:-1] + b")R.").verdict is Admission.BLOCK


def test_a_named_tuple_keeps_what_is_listed_and_nothing_else() -> None:
    triplet = b"csklearn.impute._iterative\n_ImputerTriplet\n(K\x01N%st\x81."
    model = b"csklearn.linear_model._logistic\nLogisticRegression\n)\x81"
    assert scan(b"\x80\x02" + triplet % model).verdict is Admission.ALLOW
    assert scan(b"\x80\x02" + triplet % b"cos\nsystem\n").verdict is Admission.BLOCK


@pytest.mark.parametrize("opcode", [b")R.", b")\x81."])
def test_a_number_is_not_called_so_nothing_after_it_is_read(opcode: bytes) -> None:
    """CPython's unpicklers fail there; what stands before it counts as always."""
    number = pickle.dumps(np.float64(1.5), 2)[:-1]
    with pytest.raises((TypeError, pickle.UnpicklingError)):
        pickle.loads(number + opcode)
    assert {finding.rule for finding in scan(number + opcode).findings} == {"pickle.truncated"}
    assert scan(number + b"0cos\nsystem\n" + opcode).verdict is Admission.BLOCK


@pytest.mark.parametrize("opcode", [b"K\x01K\x02s", b"(K\x01K\x02u", b"K\x01a", b"(K\x01e"])
def test_an_estimator_takes_no_items_so_nothing_after_them_is_read(opcode: bytes) -> None:
    model = b"\x80\x02csklearn.impute._knn\nKNNImputer\n)\x81"
    assert {finding.rule for finding in scan(model + opcode + b".").findings} == {"pickle.truncated"}
    shadowed = model + b"}X\x06\x00\x00\x00appendcbuiltins\nlen\nsX\x06\x00\x00\x00extendcbuiltins\nlen\nsb"
    assert scan(shadowed + opcode + b".").verdict is Admission.BLOCK
