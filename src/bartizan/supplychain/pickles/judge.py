"""Decides what a pickle may import, call, build and extend: what is not on the list is reported, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from bartizan.supplychain.interface import ArtefactFinding, Context, Rule
from bartizan.supplychain.pickles import findings as rules
from bartizan.supplychain.pickles.calls import PREDICATES, allocates, decodes
from bartizan.supplychain.pickles.cursor import EndError
from bartizan.supplychain.pickles.hashing import endless
from bartizan.supplychain.pickles.names import dangerous, python3
from bartizan.supplychain.pickles.permissions import AllowList
from bartizan.supplychain.pickles.refusal import Refused
from bartizan.supplychain.pickles.states import set_state
from bartizan.supplychain.pickles.tensors import promised
from bartizan.supplychain.pickles.values import (
    KEPT_KEYS,
    Box,
    Dtype,
    Instance,
    Mapping,
    Name,
    Opaque,
    Raw,
    Text,
    Unknown,
    describe,
    plain,
    with_more,
)

if TYPE_CHECKING:
    from bartizan.supplychain.pickles.machine import Machine

MOST_FINDINGS = 100
"""Of one stream; more say nothing new."""
_MADE_BARE = ("tokenizers.", "_catboost.", "joblib.", "numpy.matrix")
"""Their constructors take paths or parse sources; loading only makes empty ones."""
_METHODS = frozenset({"append", "extend", "add", "update"})


class Judge:
    """The judge of one stream. ``machine`` is set by the machine that asks it."""

    machine: Machine

    def __init__(
        self,
        context: Context,
        allowed: AllowList,
        container: str = "",
        array: Callable[[Judge, Instance], Any] | None = None,
    ) -> None:
        self.context = context
        self.allowed = allowed
        self.container = container
        """What the stream is part of (``torch``, ``torchscript``, …); persistent ids mean something there."""
        self.array = array
        """Follows an array that joblib keeps behind the wrapper just built; None: read as plain pickle."""
        self.findings: dict[tuple[str, str], ArtefactFinding] = {}
        self.nested: list[tuple[Raw, str]] = []
        """Bytes handed to a loader, and the loader's name."""
        self.imports: list[str] = []
        """Modules of names that are not listed."""
        self.wrappers = False
        """An array of joblib's kind was described, so that the stream may hold arrays between its opcodes."""
        self.touched = False
        """Something was imported, called or resolved."""

    def report(self, rule: Rule, explanation: str, evidence: str = "") -> Unknown:
        """Add a finding at the current opcode, once for each rule and evidence; gives the value that results."""
        key = (rule.id, evidence)
        if key not in self.findings and len(self.findings) < MOST_FINDINGS:
            self.findings[key] = self.context.found(rule, explanation, offset=self.machine.opcode_at, evidence=evidence)
        return Unknown(rule.id)

    # -- names

    def find(self, module: Any, name: Any) -> Any:
        """GLOBAL, STACK_GLOBAL and INST."""
        if not isinstance(module, str) or not isinstance(name, str):
            if not (_may_be_text(module) and _may_be_text(name)):
                raise EndError(self.machine.opcode_at, "a name is no text")
            self.touched = True
            return self.report(
                rules.COMPUTED,
                "The name to import is not written in the stream but results from other operations.",
                f"{describe(module)} {describe(name)}",
            )
        self.touched = True
        module, name = python3(module, name, self.machine.protocol)
        found = Name(module, name, self.machine.opcode_at, self.allowed.permission(module, name))
        if found.permission is not None or (self.container == "torchscript" and module.startswith("__torch__")):
            return found
        self.imports.append(module)
        if "." in name:
            self.report(
                rules.DOTTED,
                f"Loading would import {module} and take {name} out of it attribute by attribute, which reaches "
                "everything that module has imported.",
                found.dotted,
            )
        elif dangerous(module, name):
            self.report(
                rules.DANGEROUS,
                f"Loading would import {module} and take {name}, which runs code or reaches files, processes or the "
                "network.",
                found.dotted,
            )
        else:
            self.report(
                rules.GLOBAL,
                f"Loading would import {module} and take {name}; nobody has vetted what that does.",
                found.dotted,
            )
        return found

    def extension(self, code: int) -> Any:
        """EXT1, EXT2 and EXT4."""
        return self.report(
            rules.EXTENSION,
            f"Loading would import whatever the process has registered under extension code {code}.",
            str(code),
        )

    def persistent(self, pid: Any) -> Any:
        """PERSID and BINPERSID."""
        match pid:
            case ("storage", Name() as kind, str() as key, str(), int() as numel, *rest) if (
                self.container == "torch"
                and (kind.permission is None or kind.permission.is_class)
                and all(one is None or isinstance(one, tuple) for one in rest)
            ):
                held = self.context.storages
                if held is not None and (why := promised(kind, key, numel, held)):
                    self.report(rules.STORAGE, f"A tensor's storage is not what the archive holds: {why}.", key)
                return Instance(kind, pid)
            case ("module", Name() as kind, *source) if self.container == "torch" and all(map(plain, source)):
                return kind
        return self.report(
            rules.PERSISTENT,
            "The loader would be asked for an object by an id; what it gives depends on the loader alone.",
            describe(pid),
        )

    # -- calls

    def call(self, function: Any, arguments: Any) -> Any:
        """REDUCE, and INST or OBJ with arguments."""
        if isinstance(function, Unknown):
            return Unknown(function.why)
        self._fails_on_data(function, "a value is called")
        self._fails_on_numbers(function)
        if not isinstance(function, Name):
            return self.report(
                rules.METHOD, f"Loading would call {describe(function)} as a function.", describe(function)
            )
        shown = f"{function.dotted}{describe(arguments) if isinstance(arguments, tuple) else '(*…)'}"
        permission = function.permission
        if permission is None or not permission.call:
            return self.report(rules.CALL, f"Loading would call {shown}.", function.dotted)
        if not isinstance(arguments, tuple):
            return self.report(rules.ARGUMENTS, f"Loading would call {function.dotted} with unknown arguments.", shown)
        try:
            return PREDICATES[permission.call](self, function, arguments)
        except Refused as why:
            return self.report(rules.ARGUMENTS, f"Loading would call {shown}: {why}.", function.dotted)

    def new(self, kind: Any, arguments: Any, keywords: Any = None) -> Any:
        """NEWOBJ and NEWOBJ_EX, and INST or OBJ without arguments."""
        if isinstance(kind, Unknown):
            return Unknown(kind.why)
        self._fails_on_data(kind, "a value is no class")
        self._fails_on_numbers(kind)
        if not isinstance(kind, Name) or kind.permission is None or not kind.permission.new:
            return self.report(rules.CALL, f"Loading would make an instance of {describe(kind)}.", describe(kind))
        bare = (
            kind.dotted.startswith(_MADE_BARE) and arguments != ()
        )  # their constructors take paths, or sources to parse
        kept = kind.permission.keeps and isinstance(arguments, tuple) and keywords is None
        if not kept and (
            bare or decodes(kind, arguments) or allocates(kind, arguments) or not self.harmless((arguments, keywords))
        ):
            return self.report(
                rules.ARGUMENTS, f"Loading would make {kind.dotted} with {describe(arguments)}.", kind.dotted
            )
        for one in arguments if isinstance(arguments, tuple) else ():
            self.hashed(one if isinstance(one, tuple) else ())
        return Instance(kind, arguments)

    def build(self, instance: Any, state: Any) -> Any:
        """BUILD."""
        self._fails_on_data(instance, "a value takes no state")
        return set_state(self, instance, state)

    def harmless(self, value: Any) -> bool:
        """Whether a value is data through and through: scalars, inert instances, and containers of them."""
        waiting, seen = [value], set[int]()
        while waiting:
            one = waiting.pop()
            if plain(one) or id(one) in seen:
                continue
            seen.add(id(one))
            self.machine.budget.step()
            if isinstance(one, tuple):
                waiting.extend(one)
            elif isinstance(one, Box | Mapping):
                waiting.extend(one.inner)
            elif not _inert(one):
                return False
            elif isinstance(one, Instance):
                waiting.extend((one.arguments, *one.inner))
        return True

    # -- containers

    def extend(self, target: Any, items: Sequence[Any]) -> None:
        """APPEND, APPENDS and ADDITEMS."""
        if isinstance(target, Box):
            if target.kind != "list":
                self.hashed(items)
            target.count += len(items)
            target.inner = with_more(target.inner, (one for one in items if not plain(one)))
            if len(target.first) < 4:
                target.first = with_more(target.first, items[: 4 - len(target.first)])
        elif items:
            self._fails_on_data(target, "a value takes no items")
            if isinstance(target, Instance) and target.origin.dotted in _NUMBERS and not target.shadows:
                raise EndError(self.machine.opcode_at, "a number or an array has neither append nor extend")
            self._items(target, items, "append to")

    def fill(self, target: Any, items: Sequence[Any]) -> None:
        """SETITEM and SETITEMS, and DICT."""
        self.hashed(items[::2])
        if not isinstance(target, Mapping):
            if items and not isinstance(target, Box):
                self._fails_on_data(target, "a value takes no items")
                if isinstance(target, Instance) and not all(map(_ordinary, items[::2])):
                    target.special = True
                if isinstance(target, Instance) and _plain_number(target):
                    raise EndError(self.machine.opcode_at, "a number takes no items")
                self._items(target, items, "set items of")
            elif isinstance(target, Box):
                target.inner = with_more(target.inner, (one for one in items if not plain(one)))
            return
        target.count += len(items) // 2
        for key, value in zip(items[::2], items[1::2], strict=False):
            if isinstance(key, str):
                if key.startswith("__") and key.endswith("__"):
                    target.dunder = target.dunder or key
                    if target.state:
                        self.report(rules.DUNDER, f"A key {key} is slipped into the state of an object.", key)
                target.methods = target.methods or key in _METHODS
                if key in target.known or len(target.known) < KEPT_KEYS:
                    target.known[key] = value
            elif not plain(key):
                target.inner = with_more(target.inner, (key,))
                if not isinstance(key, tuple):
                    target.dunder = target.dunder or describe(key)
            if not plain(value):
                target.inner = with_more(target.inner, (value,))

    def hashed(self, values: Iterable[Any]) -> None:
        """Values become keys, or items of a set."""
        if endless(values, self.machine.budget.step):
            self.report(rules.BUDGET, "Loading would hash a tuple that holds the same ones over and over, without end.")

    def _fails_on_data(self, value: Any, why: str) -> None:
        """Where both unpicklers fail for a plain value, so that nothing after it is read."""
        if plain(value) or isinstance(value, tuple | Box | Mapping):
            raise EndError(self.machine.opcode_at, why)

    def _fails_on_numbers(self, value: Any) -> None:
        """The same for numbers and arrays of numpy: numbers of an array, read as opcodes the way an old joblib would,
        come across them."""
        if isinstance(value, Instance) and value.origin.dotted in _NUMBERS:
            raise EndError(self.machine.opcode_at, "a number or an array is neither called nor a class")

    def _items(self, target: Any, items: Sequence[Any], what: str) -> None:
        if isinstance(target, Unknown):
            return
        permission = target.origin.permission if isinstance(target, Instance) else None
        if isinstance(target, Instance) and permission is not None and permission.items and not target.shadows:
            target.inner = with_more(target.inner, (one for one in items if not plain(one)))
        elif isinstance(target, Instance) and not target.shadows and _takes_none(target.origin):
            raise EndError(self.machine.opcode_at, "an estimator takes no items")
        else:
            self.report(
                rules.METHOD,
                f"Loading would {what} {describe(target)} with a method of that object.",
                describe(target),
            )


_NUMBERS = frozenset({"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.ndarray"})


def _plain_number(value: Instance) -> bool:
    """Whether an instance is a number of numpy, and no record, which takes items by the names of its fields."""
    kind = value.arguments[0] if isinstance(value.arguments, tuple) and value.arguments else None
    return (
        value.origin.name == "scalar"
        and value.origin.dotted in _NUMBERS
        and isinstance(kind, Dtype)
        and kind.kind != "V"
    )


def _takes_none(kind: Name) -> bool:
    """Whether both unpicklers fail to put items into an instance: estimators of scikit-learn have no method for it
    (read in 0.24, 1.2 and 1.9, but for the classes left out here)."""
    return kind.module.startswith("sklearn.") and not kind.module.startswith(_WITH_METHODS)


_WITH_METHODS = ("sklearn.externals", "sklearn.utils", "sklearn.compose._column_transformer")


def _ordinary(key: Any) -> bool:
    """Whether a key of a dict may become an attribute."""
    return isinstance(key, str) and not key.startswith("__") and key not in _METHODS


def _may_be_text(value: Any) -> bool:
    if isinstance(value, Instance):
        return value.origin.module.startswith(("builtins", "numpy"))
    if isinstance(value, Opaque):
        return value.kind == "str"
    return isinstance(value, str | Text | Unknown)


def _inert(value: Any) -> bool:
    if isinstance(value, Name):
        return value.permission is not None and value.permission.is_class
    if isinstance(value, Instance):
        return value.origin.permission is not None and value.origin.permission.inert
    return isinstance(value, Dtype)
