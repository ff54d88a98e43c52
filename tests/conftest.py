"""How the suite is spread over processes (`pytest -n auto`): a module stays whole, the long ones begin first."""

from pathlib import Path

import pytest

LOAD = {
    "bench/test_gateway.py",
    "integration/test_floods.py",
    "integration/test_inference_process.py",
    "integration/test_processes.py",
    "integration/test_several_machines.py",
    "keeper/test_inference_server.py",
    "keeper/test_server.py",
}
"""Modules that load the machine and watch the clock: one group, so that no two of them run at a time."""

LONG = ("range/", "integration/", "bench/", "inspection/classifier/", "firewall/", "policy/", "agents/mcp/")
"""Where most of the time goes. They are handed out first, so that no process ends long after the others."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.hasplugin("xdist"):
        return
    here = Path(__file__).parent
    modules = {item: item.path.relative_to(here).as_posix() for item in items}
    for item, module in modules.items():
        item.add_marker(pytest.mark.xdist_group("load" if module in LOAD else module))
    items.sort(key=lambda item: _rank(modules[item]))


def _rank(module: str) -> int:
    if module in LOAD:
        return -1
    return next((rank for rank, room in enumerate(LONG) if module.startswith(room)), len(LONG))
