"""The report of a model audit: figures with n and interval, charts, pictures, and names that are hostile."""

from __future__ import annotations

import struct
import zlib

import pytest

from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Curve, Measure, ModelAudit, NamedRow, Outcome, Picture
from bartizan.reporting.audit_report import figure, render
from bartizan.reporting.line_chart import line_chart
from bartizan.reporting.png import png

RATE = Measure(name="robust_accuracy", value=0.62, n=1000, interval=(0.589, 0.65))
ROC = tuple(
    Curve(
        chart="ROC", name=name, x=(0.0, 0.001, 0.01, 1.0), y=(0.0, low, 0.1, 1.0), x_label="false positive rate",
        y_label="true positive rate", log_x=True, log_y=True,
    )
    for name, low in (("LiRA", 0.03), ("guess", 0.001))
)  # fmt: skip


def audit(**more: object) -> ModelAudit:
    result = AuditResult(
        audit="evasion.linf",
        title="Small changes",
        threat=Threat.ADVERSARIAL_INPUT,
        outcome=Outcome.WEAK,
        severity=Severity.HIGH,
        reason="an attack turns 38 of 100 answers",
        measures=(RATE, Measure(name="auc", value=0.672, n=1000, unit="")),
        control=Comparison(what="plain model", measure=RATE, succeeded=False),
        curves=ROC,
        pictures=(Picture(group="row 3", caption="original", width=2, height=2, pixels=bytes(4)),),
        suspects=tuple(range(60)),
        named=(NamedRow(row=7, digest="ab" * 32, label=3, weight=0.5),),
        **more,  # type: ignore[arg-type]
    )
    return ModelAudit(
        model="<script>alert(1)</script>", model_digest="", data="d", data_digest="sha256:0", at="2026-11-27T00:00:00Z",
        version="0", accuracy=RATE, results=(result,),
        skipped={"evasion.l2": "needs <b>gradients</b>"}, replay="bartizan audit run 'x'",
    )  # fmt: skip


def test_the_report_says_what_was_measured_and_runs_nothing() -> None:
    page = render(audit(untested=("patches",), remediation="train against it"))
    for said in (
        "62.0% (58.9–65.0%)",
        "0.672",
        "1,000",
        "FAILED",
        "patches",
        "train against it",
        "upper bound",
        "60:",
        "row 7, label 3, sha256:abababababababab",
    ):
        assert said in page
    assert "<script" not in page
    assert "<b>gradients" not in page
    assert page.count("data:image/png;base64,") == 1
    assert "img-src data:" in page


def test_a_rate_is_a_percentage_and_the_rest_is_not() -> None:
    assert figure(RATE) == "62.0% (58.9–65.0%)"
    assert figure(Measure(name="distance", value=3.14159, n=5, unit="pixels")) == "3.142 pixels"
    assert figure(Measure(name="online/auc", value=0.672, n=9, interval=(0.6, 0.7))) == "0.672 (0.6–0.7)"
    assert figure(Measure(name="none", value=0.0, n=10, interval=(0.0, 0.31))) == "0.0% (0.0–31.0%)"


def test_a_logarithmic_chart_leaves_out_what_it_cannot_show() -> None:
    chart = str(line_chart(list(ROC)))
    assert chart.count("M62.0") == 2  # both curves start at the left edge, at 0.001
    assert "nan" not in chart
    flat = Curve(chart="c", name="n", x=(0.0,), y=(0.0,), x_label="x", y_label="y", log_x=True)
    with pytest.raises(ValueError, match="nothing"):
        line_chart([flat])


def test_a_chart_of_one_value_has_a_scale() -> None:
    one = Curve(chart="c", name="n", x=(5.0, 5.0), y=(0.5, 0.5), x_label="x", y_label="y")
    assert "nan" not in str(line_chart([one]))


@pytest.mark.parametrize(("pixels", "kind"), [(bytes(range(6)), 0), (bytes(range(18)), 2)])
def test_png_holds_the_pixels(pixels: bytes, kind: int) -> None:
    found = png(3, 2, pixels)
    assert found.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">IIBB", found[16:26]) == (3, 2, 8, kind)
    start = found.index(b"IDAT") + 4
    size = struct.unpack(">I", found[start - 8 : start - 4])[0]
    rows = zlib.decompress(found[start : start + size])
    width = len(pixels) // 2
    assert rows[1 : 1 + width] + rows[2 + width :] == pixels


@pytest.mark.parametrize(("width", "height", "size"), [(2, 2, 5), (0, 0, 0), (2, 2, 0)])
def test_other_sizes_are_no_picture(width: int, height: int, size: int) -> None:
    with pytest.raises(ValueError, match="no picture"):
        png(width, height, bytes(size))
