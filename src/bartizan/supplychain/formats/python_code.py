"""What Python source would do, read from its syntax tree. Nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from bartizan.supplychain.formats.words import words
from bartizan.supplychain.interface import MalformedError

LARGEST = 2 << 20
"""Bytes of a source file that is parsed."""

RUNS = words(
    """
    os.system os.popen os.execv os.execve os.execl os.execlp os.execvp os.spawnl os.spawnv os.spawnve os.posix_spawn
    os.startfile pty.spawn subprocess.run subprocess.call subprocess.Popen subprocess.check_call
    subprocess.check_output subprocess.getoutput subprocess.getstatusoutput exec eval compile __import__ runpy.run_path
    runpy.run_module code.interact importlib.import_module marshal.loads marshal.load pickle.loads pickle.load
    cloudpickle.loads dill.loads ctypes.CDLL ctypes.cdll.LoadLibrary ctypes.PyDLL commands.getoutput
    asyncio.create_subprocess_shell asyncio.create_subprocess_exec types.CodeType types.FunctionType
    os.spawnlp os.spawnvp os.spawnle os.spawnlpe os.spawnvpe os.execle os.execlpe os.execvpe os.posix_spawnp
    builtins.exec builtins.eval builtins.compile builtins.__import__ __builtins__ pickle.Unpickler dill.load
    cloudpickle.load joblib.load shelve.open pandas.read_pickle zipimport.zipimporter site.addsitedir pip.main
    importlib.util.spec_from_file_location importlib.machinery.SourceFileLoader imp.load_source code.InteractiveConsole
    code.InteractiveInterpreter pty.fork ctypes.WinDLL ctypes.cdll ctypes.windll cffi.FFI getattr*
    """
)
"""Run or load code."""
SENDS = words(
    """
    socket.socket socket.create_connection urllib.request.urlopen urllib.request.urlretrieve requests.get requests.post
    requests.put requests.request requests.Session httpx.get httpx.post http.client.HTTPConnection
    http.client.HTTPSConnection smtplib.SMTP smtplib.SMTP_SSL ftplib.FTP aiohttp.ClientSession
    """
)
"""Speak with other machines."""
CHANGES = words(
    """
    shutil.rmtree os.remove os.unlink os.rmdir os.chmod os.rename os.replace shutil.copy shutil.move os.symlink
    os.environ.update os.putenv
    """
)
"""Change files or the environment."""


_MODULES = words(
    "os posix subprocess builtins __builtins__ importlib pty ctypes runpy pickle marshal sys socket shutil"
)
"""Modules of which no function is taken by a name that is computed."""


class Risk(NamedTuple):
    """A call of a name that matters."""

    name: str
    offset: int
    """Bytes from the begin of the file."""
    at_import: bool
    """Whether importing the module alone runs it."""


def risks(raw: bytes) -> Iterator[Risk]:
    """Calls that matter. Raises `MalformedError` for what is no Python of a bounded size."""
    if len(raw) > LARGEST:
        raise MalformedError(f"a source file of {len(raw)} bytes", 0)
    try:
        tree = ast.parse(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise MalformedError(f"not Python: {type(error).__name__}", 0) from None
    starts = _line_starts(raw)
    names = _imported(tree)
    handed: set[int] = set()
    waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
    while waiting:
        node, at_import = waiting.pop()
        if isinstance(node, ast.Call):
            name = _name(node.func, names)
            handed.update(id(one) for one in node.args)
            if name == "getattr" and node.args and not isinstance(node.args[-1], ast.Constant):
                name = "getattr*" if _name(node.args[0], names) in _MODULES else name
            if name in RUNS or name in SENDS or name in CHANGES:
                yield Risk(name, starts[node.lineno - 1] + node.col_offset, at_import)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Constant):
            name = _handed_on(node, names, handed)
            if name in RUNS or name in SENDS:
                yield Risk(name, starts[node.lineno - 1] + node.col_offset, at_import)
        inner = at_import and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        now = set(map(id, _at_definition(node))) if at_import and not inner else set()
        waiting.extend((child, inner or id(child) in now) for child in ast.iter_child_nodes(node))


def _at_definition(node: ast.AST) -> list[ast.AST]:
    """The parts of a function that run where it is defined: its decorators and the defaults of its arguments."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
    return [
        *decorators,
        *([node.args] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) else []),
    ]


def _handed_on(node: ast.expr, names: dict[str, str], handed: set[int]) -> str:
    """The name that matters where it is not called but given to somebody who may call it; empty for none."""
    match node:
        case ast.Constant(value="__builtins__"):
            return "__builtins__"
        case ast.Name(id="eval" | "compile" as name, ctx=ast.Load()) if name not in names:
            return name if id(node) in handed else ""  # both are common names of options
        case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
            return _name(node, names)
        case ast.Subscript(value=ast.Attribute(attr="__dict__", value=value)):
            return "getattr*" if _name(value, names) in _MODULES else ""
        case ast.Subscript(value=ast.Call(func=ast.Name(id="vars"), args=[value])):
            return "getattr*" if _name(value, names) in _MODULES else ""
    return ""


def _line_starts(raw: bytes) -> list[int]:
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return [*starts, len(raw)]


def _imported(tree: ast.Module) -> dict[str, str]:
    """Local names to the dotted names that they stand for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                found[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                if alias.name == "*":
                    prefix = f"{node.module}."
                    found |= {one.removeprefix(prefix): one for one in RUNS | SENDS | CHANGES if one.startswith(prefix)}
    return found


def _name(node: ast.expr, names: dict[str, str]) -> str:
    """The dotted name that is called, seen through ``getattr`` with a constant and ``__import__`` of one."""
    match node:
        case ast.Name(id=name):
            return names.get(name, name)
        case ast.Attribute(value=value, attr=attribute):
            owner = _name(value, names)
            return f"{owner}.{attribute}" if owner else ""
        case ast.Call(func=ast.Name(id="getattr"), args=[owner_node, ast.Constant(value=str(attribute)), *_]):
            owner = _name(owner_node, names)
            return f"{owner}.{attribute}" if owner else ""
        case ast.Subscript(value=value, slice=ast.Constant(value=str(module))) if _name(value, names) == "sys.modules":
            return module
        case ast.Call(func=function, args=[ast.Constant(value=str(module)), *_]) if _name(function, names) in (
            "__import__",
            "importlib.import_module",
        ):
            return module
    return ""
