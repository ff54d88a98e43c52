"""Judges whether making an instance of a class and giving it a state can run anything but the class's own plain code.

Looked at is what the unpickler reaches: ``__new__``, ``__setstate__``, ``__del__``, ``__getattr__`` and its like, and the
methods that opcodes call, with everything they call on ``self`` or in their module. What is not understood is refused.
"""

from __future__ import annotations

import ast

from tools.allowlist.classes import Library, Module, dotted
from tools.allowlist.vetted import BASES, METHODS

REACHED = ("__new__", "__setstate__", "__del__", "__getattr__", "__getattribute__", "__setattr__")
COMPARED = ("__hash__", "__eq__")
"""Reached when an instance is a key or an item of a set: they must not run code, but need not be understood whole."""
ITEMS = ("append", "extend", "add", "update", "__setitem__")
_BUILTINS = frozenset(
    """len isinstance issubclass hasattr dict list tuple set frozenset int float str bool bytes bytearray range zip
    enumerate sorted min max sum abs any all repr hash id type super iter next reversed object ValueError TypeError
    AttributeError KeyError RuntimeError NotImplementedError UserWarning ImportError FutureWarning property round divmod
    NotImplemented""".split()
)
_HARMLESS_METHODS = frozenset(
    """pop get items keys values copy setdefault update append extend split join format startswith endswith strip
    replace lower upper index count astype reshape ravel tolist tobytes view sort add discard rstrip lstrip issubset
    fill dot min max sum all any encode decode insert flatten squeeze union remove""".split()
)
_HARMLESS_CALLS = frozenset(
    """warnings.warn object.__new__ object.__setattr__ super.__new__ functools.reduce operator.index copy.copy math.prod
    threading.Lock threading.RLock weakref.ref weakref.WeakKeyDictionary collections.OrderedDict OrderedDict
    collections.defaultdict defaultdict numpy.array numpy.asarray numpy.frombuffer numpy.prod np.array np.asarray
    torch.is_tensor torch.tensor torch.as_tensor np.frombuffer np.prod np.zeros np.empty np.dtype itertools.chain typing.cast cast deepcopy copy.deepcopy
    parse_version packaging.version.parse""".split()
)


class Unclear(Exception):
    """Why a class is not taken up."""


class Vetting:
    """Vets the classes of one library version."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._known: dict[tuple[str, str], str | None] = {}

    def flags(self, module: Module, node: ast.ClassDef) -> tuple[str, str]:
        """Flags and predicate for a class. Raises `Unclear`."""
        lineage = self.library.lineage(module, node)
        names = [one for one in lineage if isinstance(one, str)]
        unknown = [name for name in names if name not in BASES]
        if unknown:
            raise Unclear(f"base {unknown[0]}")
        if any(
            "metaclass" in (keyword.arg or "")
            and (dotted(keyword.value) or "").split(".")[-1]
            not in {"ABCMeta", "EnumMeta", "_DelegatesToOpsMeta", "_ParameterMeta", "ModelMeta"}
            for one in lineage
            if not isinstance(one, str)
            for keyword in one[1].keywords
        ):
            raise Unclear("metaclass")
        for method in REACHED:
            self._method(lineage, method, 0)
        for one in lineage:
            for item in [] if isinstance(one, str) else one[1].body:
                if isinstance(item, ast.FunctionDef) and item.name in COMPARED and not _runs_nothing(item):
                    raise Unclear(f"{one[1].name}.{item.name}")
        kinds = {BASES[name] for name in names}
        flags = "tnb"
        if "items" in kinds:
            for method in ITEMS:
                self._method(lineage, method, 0)
            flags += "i"
        if any(self._own(one[1], "__slots__") for one in lineage if not isinstance(one, str)):
            flags += "s"
        return ("t", "enum") if "enum" in kinds else (flags, "")

    def _own(self, node: ast.ClassDef, name: str) -> bool:
        return any(
            isinstance(item, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in item.targets)
            for item in node.body
        )

    def _method(self, lineage: list, name: str, depth: int) -> None:
        for one in lineage:
            if isinstance(one, str):
                continue
            module, node = one
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == name:
                    self._body(module, node, lineage, item, depth)
                    if name in {"__setstate__", "__new__", "__del__"} and "super" not in ast.dump(item):
                        return
                elif isinstance(item, ast.Assign) and any(
                    isinstance(t, ast.Name) and t.id == name for t in item.targets
                ):
                    if not (
                        isinstance(item.value, ast.Constant)
                        or (name == "__hash__" and (dotted(item.value) or "").startswith("object"))
                    ):
                        raise Unclear(f"{node.name}.{name} is assigned")

    def _body(self, module: Module, node: ast.ClassDef, lineage: list, item: ast.FunctionDef, depth: int) -> None:
        key = f"{module.name}.{node.name}.{item.name}"
        if key in METHODS:
            return
        memo = (key, lineage[0][1].name if not isinstance(lineage[0], str) else "")
        if memo in self._known:
            if self._known[memo]:
                raise Unclear(self._known[memo])
            return
        self._known[memo] = None
        try:
            if depth > 6:
                raise Unclear(f"{key} is deep")
            for inner in ast.walk(item):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    raise Unclear(f"{key} imports")
                if isinstance(inner, ast.Call):
                    self._call(module, lineage, inner, key, depth)
        except Unclear as why:
            self._known[memo] = str(why)
            raise

    def _call(self, module: Module, lineage: list, call: ast.Call, key: str, depth: int) -> None:
        function = call.func
        if isinstance(function, ast.Name):
            name = function.id
            if name in _BUILTINS:
                return
            if name in {"getattr", "setattr", "delattr"} and len(call.args) > 1:
                return
            if name in module.functions:
                self._function(module, lineage, module.functions[name], depth)
                return
            whole = module.aliases.get(name, name)
            if whole in _HARMLESS_CALLS or name in _HARMLESS_CALLS or whole in METHODS:
                return
            raise Unclear(f"{key} calls {name}")
        if isinstance(function, ast.Attribute):
            whole = dotted(function) or ""
            first = whole.partition(".")[0]
            resolved = f"{module.aliases.get(first, first)}.{whole.partition('.')[2]}"
            if whole in _HARMLESS_CALLS or resolved in _HARMLESS_CALLS:
                return
            target = function.value
            if isinstance(target, ast.Call) and isinstance(target.func, ast.Name) and target.func.id == "super":
                return  # every ancestor is looked at by itself
            if isinstance(target, ast.Name) and target.id in {"self", "cls"}:
                if any(
                    isinstance(item, ast.FunctionDef) and item.name == function.attr
                    for one in lineage if not isinstance(one, str) for item in one[1].body
                ):  # fmt: skip
                    self._method(lineage, function.attr, depth + 1)
                    return
                if function.attr in _HARMLESS_METHODS or function.attr == "__class__":
                    return
                raise Unclear(f"{key} calls self.{function.attr}")
            if function.attr in _HARMLESS_METHODS or function.attr in {
                "__new__",
                "__init__",
                "__setstate__",
                "__setattr__",
                "__getattr__",
                "__hash__",
                "__eq__",
            }:
                if function.attr in {"__init__", "__setstate__"} and not whole:
                    raise Unclear(f"{key} calls {function.attr} of something")
                return
            raise Unclear(f"{key} calls {whole or function.attr}")
        raise Unclear(f"{key} calls what it computes")

    def _function(self, module: Module, lineage: list, item: ast.FunctionDef, depth: int) -> None:
        key = f"{module.name}.{item.name}"
        if depth > 6:
            raise Unclear(f"{key} is deep")
        if key in METHODS:
            return
        for inner in ast.walk(item):
            if isinstance(inner, ast.Call):
                self._call(module, lineage, inner, key, depth + 1)


_RUNS = frozenset(
    "exec eval compile open __import__ import_module system popen Popen run call check_output load loads fromfile memmap urlopen urlretrieve unlink rmtree input".split()
)
_NAMES = (
    "load",
    "fetch",
    "download",
    "open",
    "save",
    "export",
    "import",
    "exec",
    "eval",
    "compile",
    "run",
    "dump",
    "read",
    "write",
)


def harmless_function(item: ast.FunctionDef) -> bool:
    """Whether a numerical function may be referred to: nothing in it runs code or touches files."""
    return not item.name.startswith("__") and not item.name.lower().startswith(_NAMES) and _runs_nothing(item)


def _runs_nothing(item: ast.FunctionDef) -> bool:
    for inner in ast.walk(item):
        if isinstance(inner, ast.Call):
            function = inner.func
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            if name in _RUNS:
                return False
    return True
