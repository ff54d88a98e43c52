"""What numbers in a workspace file may be; whoever loads the file says where one is out of bounds."""

from __future__ import annotations

from typing import Annotated

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
"""Of a whole, or a score."""
Amount = Annotated[float, msgspec.Meta(ge=0)]
"""Of something that may be nothing: money, a pause."""
Seconds = Annotated[float, msgspec.Meta(gt=0, le=315_360_000)]
"""Of a wait that ends, ten years at most."""
Natural = Annotated[int, msgspec.Meta(ge=0)]
"""How many, none included."""
Positive = Annotated[int, msgspec.Meta(ge=1)]
"""How many, one at least."""
Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
"""Of a TCP server elsewhere."""
OwnPort = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
"""That we listen on; 0 takes any free one."""
