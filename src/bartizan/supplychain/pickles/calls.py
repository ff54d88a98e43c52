"""Checks on the arguments of calls: one predicate for each kind of constructor that the list allows to be called.

Each takes the judge, the name and the arguments (a tuple), gives the value that results, and raises `Refused`. None of
the constructors calls, imports or opens anything for arguments that its predicate lets pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as Table
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bartizan.supplychain.pickles import arrow, dtypes, tensors
from bartizan.supplychain.pickles.permissions import Permission
from bartizan.supplychain.pickles.refusal import Refused
from bartizan.supplychain.pickles.values import LONG, Box, Dtype, Instance, Mapping, Name, Opaque, Raw, Text

if TYPE_CHECKING:
    from bartizan.supplychain.pickles.judge import Judge

_LARGEST_LENGTH = 1 << 20
Predicate = Callable[["Judge", Name, tuple[Any, ...]], Any]


def _class(value: Any, what: str = "the first argument") -> Name:
    if not isinstance(value, Name) or value.permission is None or not value.permission.is_class:
        raise Refused(f"{what} is no listed class")
    return value


def _made(value: Any) -> Name:
    kind = _class(value)
    if not kind.permission.new:
        raise Refused(f"nobody may make a {kind.dotted}")
    return kind


def decodes(kind: Name, arguments: Any) -> bool:
    """Whether a text or bytes type is handed a codec's name, which may import a module of that name."""
    texts = kind.module == "builtins" and kind.name in {"bytes", "bytearray", "str"}
    return texts and not (isinstance(arguments, tuple) and len(arguments) < 2)


def allocates(kind: Name, arguments: Any) -> bool:
    """Whether a bytes type is handed a length, or something that may be one: no pickle of real data does that."""
    if kind.module != "builtins" or kind.name not in {"bytes", "bytearray"}:
        return False
    first = arguments[0] if isinstance(arguments, tuple) and len(arguments) == 1 else None
    return (isinstance(first, int) and first > _LARGEST_LENGTH) or isinstance(first, Instance) or first == LONG


def inert(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """Plain data, listed classes and inert instances, through and through."""
    if decodes(function, arguments):
        raise Refused("it would look a codec up by name")
    if allocates(function, arguments):
        raise Refused("it would fill the memory with that many bytes")
    if not judge.harmless(arguments):
        raise Refused("an argument is neither plain data nor of an inert type")
    return Instance(function, arguments)


def reconstructor(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``copyreg._reconstructor(cls, base, state)``: ``base.__new__(cls, state)``, then ``base.__init__``."""
    match arguments:
        case (kind, Name() as base, state) if base.module == "builtins" and judge.harmless(state):
            if base.permission is None or not base.permission.new:
                raise Refused("its base is no plain type")
            return Instance(_made(kind))
    raise Refused("its arguments are not class, base and plain state")


def newobj(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``copyreg.__newobj__(cls, *args)``, judged like the opcode."""
    if not arguments:
        raise Refused("it is handed no class")
    return judge.new(_made(arguments[0]), arguments[1:])


def bindable(function: Any) -> bool:
    """Whether a name may be bound to arguments that nobody checks when it is called later."""
    return (
        isinstance(function, Name)
        and function.permission is not None
        and (function.permission.is_class or not function.permission.call)
        and function.dotted != "functools.partial"
    )


def partial(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``functools.partial(function)``; what it is called with comes with BUILD."""
    if arguments and bindable(arguments[0]) and judge.harmless(arguments[1:]):
        return Instance(function, arguments)
    raise Refused("it would bind a function that is not listed, or one whose arguments must be checked")


def factory(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``defaultdict(factory)``: the factory is called when a key is missing."""
    if arguments and arguments[0] is not None:
        kind = _class(arguments[0], "the factory")
        if kind.module not in {"builtins", "collections"}:
            raise Refused("the factory is no built-in type")
    return inert(judge, function, arguments[1:])


def encode(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``_codecs.encode(text, "latin1")``: how protocols below 3 write bytes."""
    match arguments:
        case (str() as text, "latin1" | "latin-1"):
            return Raw(0, len(text), literal=text.encode("latin-1", "replace"))
        case (Text(offset=offset, length=length), "latin1" | "latin-1"):
            return Raw(offset, length, latin1=True)
        case (Opaque(kind="str"), "latin1" | "latin-1"):
            return Raw(0, -1)
    raise Refused("it is not text in Latin-1")


def dtype(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``numpy.dtype(text, align, copy)``."""
    try:
        match arguments:
            case (str() as text, *rest) if judge.harmless(tuple(rest)):
                return dtypes.from_text(text)
            case (Name(module="numpy" | "builtins", name=name), *rest) if judge.harmless(tuple(rest)):
                if name in _SCALARS:
                    return dtypes.from_text(_SCALARS[name])
                if name == "record":  # a record whose fields are also attributes; they come with BUILD
                    return dtypes.from_text("V0")
    except dtypes.DtypeError as why:
        raise Refused(str(why)) from None
    raise Refused("it is no simple dtype")


_SCALARS = {
    "object": "O8", "object_": "O8", "bool": "b1", "bool_": "b1", "int": "i8", "float": "f8",
    "int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8", "uint8": "u1", "uint16": "u2", "uint32": "u4",
    "uint64": "u8", "float16": "f2", "float32": "f4", "float64": "f8",
}  # fmt: skip


def array(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``numpy._reconstruct(ndarray, (0,), b"b")``: an empty array, filled by BUILD."""
    match arguments:
        case (Name() as kind, (0,), str() | Raw()) if kind.permission is not None and "n" in kind.permission.flags:
            return Instance(kind, arguments)
    raise Refused("it is no empty array")


def scalar(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``numpy.scalar(dtype, bytes)``."""
    match arguments:
        case (Dtype() as kind, str() | Raw() | Text()) if not kind.objects:
            return Instance(function, arguments)
    raise Refused("it is no number of a simple dtype")


def buffer(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``numpy._frombuffer(bytes, dtype, shape, order)`` (protocol 5)."""
    match arguments:
        case (Raw(), Dtype() as kind, tuple() as shape, str(), *_) if not kind.objects and judge.harmless(shape):
            return Instance(function, arguments)
        case (Instance() as base, Dtype() as kind, tuple() as shape, str(), *_) if not kind.objects and _inert(base):
            return Instance(function, arguments)
    raise Refused("it is no array of plain numbers")


def _inert(instance: Instance) -> bool:
    return instance.origin.permission is not None and bool(instance.origin.permission.inert)


def generator(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``numpy.random._pickle.__randomstate_ctor(name, constructor)``: the constructor is called with the name."""
    for one in arguments:
        ours = isinstance(one, Name) and one.module.startswith("numpy.random.") and one.permission is not None
        if not ours and not (isinstance(one, str | Instance) and judge.harmless(one)):
            raise Refused("it would be made by something that is not of numpy.random")
    return Instance(function, arguments)


def ufunc(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``numpy._ufunc_reconstruct(module, name)`` imports ``module``: only what is listed under that very name."""
    match arguments:
        case (str() as module, str() as name):
            found = judge.find(module, name)
            if found.permission is None:
                raise Refused("it would import what is not listed")
            return found
    raise Refused("it is no name")


def cython(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``__pyx_unpickle_X(cls, checksum, state)``: ``X.__new__(cls)``, and state set field by field."""
    match arguments:
        case (kind, int(), state) if state is None or isinstance(state, tuple):
            if not judge.harmless(state):
                raise Refused("its state is not plain data")
            return Instance(_made(kind))
    raise Refused("its arguments are not class, checksum and state")


def loader(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """Bytes handed to a loader, which are scanned in their turn."""
    match arguments:
        case (Raw() as raw,):
            judge.nested.append((raw, function.dotted))
            return Instance(function, arguments)
    raise Refused("it is not handed bytes")


def tensor(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``torch._utils._rebuild_*``: storages, sizes, strides, hooks (an ordered dict that must be empty)."""
    for one in arguments:
        hooks = isinstance(one, Instance) and one.origin.dotted == "collections.OrderedDict"
        if hooks and one.arguments != ():
            raise Refused("backward hooks are not empty")
    tensors.inside(function, arguments)
    tensors.indexed(function, arguments, judge.context.storages)
    return inert(judge, function, arguments)


def rebuild_type(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``torch._tensor._rebuild_from_type_v2(function, type, arguments, state)`` calls the function it is given."""
    match arguments:
        case (Name() as inner, Name() as kind, tuple() as rest, state):
            _class(kind, "the tensor type")
            if isinstance(state, Mapping | tuple) and not judge.harmless(state):
                raise Refused("its state is not plain data")
            if isinstance(state, Mapping) and state.dunder:
                raise Refused(f"its state sets {state.dunder}")
            return judge.call(inner, rest)
    raise Refused("its arguments have another shape")


def layout(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``torch.serialization._get_layout(name)``: looks a layout up in a table."""
    match arguments:
        case (str(),):
            return Instance(function, arguments)
    raise Refused("it is no name of a layout")


def enum(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``Enum(value)``: looks a member up."""
    if len(arguments) != 1 or not (isinstance(arguments[0], str | int) or arguments[0] is None):
        raise Refused("it is no member's value")
    return Instance(function, arguments)


def index(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``pandas`` ``_new_Index(cls, keywords)``: ``cls.__new__(cls, **keywords)`` for an index class."""
    match arguments:
        case (kind, Mapping() as keywords) if judge.harmless(keywords):
            return Instance(_made(kind), arguments)
    raise Refused("its arguments are not an index class and plain data")


_OF_CLASSES = {
    "torch.optim.lr_scheduler.OneCycleLR": frozenset({"_annealing_cos", "_annealing_linear"}),
    "torch.optim.lr_scheduler.CyclicLR": frozenset(
        {"_triangular_scale_fn", "_triangular2_scale_fn", "_exp_range_scale_fn"}
    ),
    "lifelines.fitters.nelson_aalen_fitter.NelsonAalenFitter": frozenset(
        {"_variance_f_smooth", "_variance_f_discrete", "_additive_f_smooth", "_additive_f_discrete", "plot"}
    ),
    **dict.fromkeys(
        ("scipy.interpolate._interpolate.interp1d", "scipy.interpolate.interpolate.interp1d"),
        frozenset({"_call_linear", "_call_linear_np", "_call_nearest", "_call_previousnext", "_call_spline"}),
    ),
}
"""Functions of their own that states keep by ``getattr`` of the class or of an instance."""


def _kind(owner: Name | Instance) -> str:
    return owner.dotted if isinstance(owner, Name) else owner.origin.dotted


_ZONE = Permission("rx", "zone")


def method(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``getattr(owner, name)``: how scipy's distributions keep their own methods and schedulers of torch a function,
    which are not called; and how time zones say by what they are made."""
    match arguments:
        case (Instance() as owner, str() as name) if owner.origin.module.startswith("scipy.stats."):
            if not name.startswith("__"):
                return Instance(function, arguments)
        case (Name() | Instance() as owner, str() as name) if name in _OF_CLASSES.get(_kind(owner), ()):
            return Instance(function, arguments)
        case (Name(module="zoneinfo", name="ZoneInfo") as kind, "_unpickle"):
            return Name(kind.module, "ZoneInfo._unpickle", kind.offset, _ZONE)
    raise Refused("it is no method of a distribution, nor one of the few others that are known")


def zone(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``ZoneInfo._unpickle(key, from_cache)``: reads a zone; ``zoneinfo`` itself keeps keys inside its folders."""
    match arguments:
        case (str() as key, bool() | int()) if _ZONE_KEY.fullmatch(key):
            return Instance(Name(function.module, "ZoneInfo", function.offset, function.permission), arguments)
    raise Refused("it is no name of a time zone")


_ZONE_KEY = re.compile(r"[A-Za-z0-9_+\-]{1,40}(?:/[A-Za-z0-9_+\-]{1,40}){0,3}")


def items(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """A container of anything that is listed: takes its items from a plain list, tuple or set and calls nothing."""
    if len(arguments) > 2 or not all(
        one is None or isinstance(one, int | Box | tuple | Mapping | str | Raw | Text) for one in arguments
    ):
        raise Refused("it is not filled from a plain container")
    for one in arguments:
        if isinstance(one, Box) and not all(
            judge.harmless(inner) for inner in one.inner if isinstance(inner, Instance)
        ):
            raise Refused("it would go through an object that is not inert")
        judge.hashed(one if isinstance(one, tuple) else one.inner if isinstance(one, Box) else ())
    return Instance(function, arguments)


PREDICATES: Table[str, Predicate] = MappingProxyType(
    {
        "inert": inert, "reconstructor": reconstructor, "newobj": newobj, "partial": partial, "factory": factory,
        "encode": encode, "dtype": dtype, "array": array, "scalar": scalar, "buffer": buffer, "ufunc": ufunc,
        "cython": cython, "loader": loader, "tensor": tensor, "rebuild_type": rebuild_type, "enum": enum,
        "index": index, "items": items, "layout": layout, "method": method, "zone": zone, "generator": generator,
        "arrow_alias": arrow.alias, "arrow_buffer": arrow.buffer, "arrow_array": arrow.array,
    }
)  # fmt: skip
"""By the name that the allow-list uses."""
