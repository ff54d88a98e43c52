from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from valkey_server import valkey_server


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all tests; each uses a prefix of its own."""
    with valkey_server(tmp_path_factory.mktemp("valkey")) as url:
        yield url
