from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from approval_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
