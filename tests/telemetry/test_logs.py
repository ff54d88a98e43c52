from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from bartizan.core.errors import UpstreamError
from bartizan.telemetry.logs import FIELDS, JsonFormatter, configure_logging

SECRET = "my-secret-prompt"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    output = io.StringIO()
    configure_logging("worker1", stream=output)
    yield output
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def entries(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_record_is_one_line_with_allowed_fields_only(stream: io.StringIO) -> None:
    extra = {"request": "req_1", "status": 502, "seconds": 0.5, "content": SECRET, "state": ["a"]}
    logging.getLogger("bartizan.firewall").warning("upstream %s\nfailed", "main", extra=extra)
    (entry,) = entries(stream)
    assert entry.pop("at").__class__ is str
    assert entry == {
        "level": "warning",
        "process": "worker1",
        "logger": "bartizan.firewall",
        "message": "upstream main\nfailed",
        "request": "req_1",
        "status": 502,
        "seconds": 0.5,
        "state": "['a']",
    }


def test_other_libraries_arguments_are_not_written(stream: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").info("got %s", SECRET)
    logging.getLogger("bartizanlike").info("got %s", SECRET)
    assert [entry["message"] for entry in entries(stream)] == ["got %s", "got %s"]


def test_exceptions_are_type_and_places_without_their_text(stream: io.StringIO) -> None:
    for error in (ValueError(SECRET), UpstreamError("the upstream hung up")):
        try:
            raise error
        except Exception:
            logging.getLogger("bartizan").exception("failed")
    first, second = (entry["error"] for entry in entries(stream))
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["type"] == "ValueError"
    assert "test_logs.py" in first["at"][0]
    assert second["cause"] == "the upstream hung up"
    assert SECRET not in stream.getvalue()


def test_wrong_arguments_leave_the_template() -> None:
    record = logging.LogRecord("bartizan", logging.INFO, "file", 1, "%d", ("x",), None)
    assert json.loads(JsonFormatter().format(record))["message"] == "%d"


def test_surrogates_and_long_texts_are_no_problem(stream: io.StringIO) -> None:
    logger = logging.getLogger("bartizan")
    logger.info("\ud800" + "x" * 5000, extra={"model": "\udfff" + "y" * 5000})
    logger.error("no exception", exc_info=True)
    first, second = entries(stream)
    assert len(str(first["message"])) == len(str(first["model"])) == 1000
    assert "error" not in second


def test_every_allowed_field_can_be_given(stream: io.StringIO) -> None:
    """``logging`` refuses extra fields that it has itself."""
    logging.getLogger("bartizan.test").info("all", extra={name: name.upper() for name in FIELDS})
    entry = json.loads(stream.getvalue())
    assert {name: entry[name] for name in FIELDS} == {name: name.upper() for name in FIELDS}
