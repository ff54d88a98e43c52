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
    waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
    while waiting:
        node, at_import = waiting.pop()
        if isinstance(node, ast.Call):
            name = _name(node.func, names)
            if name in RUNS or name in SENDS or name in CHANGES:
                yield Risk(name, starts[node.lineno - 1] + node.col_offset, at_import)
        inner = at_import and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting.extend((child, inner) for child in ast.iter_child_nodes(node))


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
        case ast.Call(func=function, args=[ast.Constant(value=str(module)), *_]) if _name(function, names) in (
            "__import__",
            "importlib.import_module",
        ):
            return module
    return ""
