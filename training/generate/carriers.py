"""Every kind of material the assistant may be given, each a small seeded grammar that fills a draft."""

from __future__ import annotations

from collections.abc import Callable

from training.generate import carriers_code, carriers_office, carriers_records, carriers_web
from training.generate.documents import Draft

Carrier = Callable[[Draft], None]

CARRIERS: dict[str, Carrier] = {
    **carriers_office.CARRIERS,
    **carriers_records.CARRIERS,
    **carriers_web.CARRIERS,
    **carriers_code.CARRIERS,
}
