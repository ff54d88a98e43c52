"""Names of licences that models and data sets carry, as SPDX writes them (spdx.org/licenses, list 3.27)."""

from __future__ import annotations

from types import MappingProxyType

_SPDX = (
    "Apache-2.0 MIT BSD-2-Clause BSD-3-Clause ISC MPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later "
    "LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later AGPL-3.0-only AGPL-3.0-or-later EPL-2.0 Unlicense "
    "CC0-1.0 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-BY-NC-4.0 CC-BY-NC-SA-4.0 CC-BY-NC-ND-4.0 CC-BY-ND-4.0 "
    "ODbL-1.0 ODC-By-1.0 PDDL-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 CDLA-Sharing-1.0 PSF-2.0 Python-2.0 "
    "Artistic-2.0 BSL-1.0 WTFPL Zlib 0BSD BlueOak-1.0.0 EUPL-1.2 NCSA PostgreSQL OFL-1.1 MIT-0 UPL-1.0 HPND BUSL-1.1 "
    "Elastic-2.0 SSPL-1.0 AFL-3.0 LPPL-1.3c MS-PL ECL-2.0 CECILL-2.1 C-UDA-1.0"
)
_BY_FOLDED = MappingProxyType({one.casefold(): one for one in _SPDX.split()})


def is_spdx(name: str) -> bool:
    """Whether ``name`` is, letter for letter, an identifier of the list above."""
    return _BY_FOLDED.get(name.casefold()) == name


def spdx(name: str) -> str:
    """The identifier for a name that differs in case alone, as model cards write them; otherwise the name."""
    return _BY_FOLDED.get(name.casefold(), name)
