"""The unpickler's memo, small: numbers that follow each other in a list, others in a dict."""

from __future__ import annotations

from typing import Any


class Memo:
    """What PUT and MEMOIZE keep, by number."""

    __slots__ = ("_dense", "sparse")

    def __init__(self) -> None:
        self._dense: list[Any] = []
        self.sparse: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self._dense) + len(self.sparse)

    def put(self, key: int, value: Any) -> None:
        """Keep ``value`` under ``key``, which is not negative."""
        if key < len(self._dense):
            self._dense[key] = value
        elif key == len(self._dense):
            self._dense.append(value)
            self.sparse.pop(key, None)
        else:
            self.sparse[key] = value

    def memoize(self, value: Any) -> None:
        """Keep ``value`` under the number of entries, as both unpicklers count them."""
        self.put(len(self), value)

    def get(self, key: int) -> Any:
        """What was kept under ``key``. Raises KeyError."""
        return self._dense[key] if 0 <= key < len(self._dense) else self.sparse[key]
