"""Names as they are resolved, and the ones that are known to run code."""

from __future__ import annotations

PYTHON_2_MODULES = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "UserDict": "collections",
    "UserList": "collections",
    "UserString": "collections",
    "cPickle": "pickle",
    "commands": "subprocess",
    "exceptions": "builtins",
    "StringIO": "io",
    "cStringIO": "io",
    "urllib2": "urllib.request",
    "_socket": "socket",
}
"""Protocols below 3 are read with Python 2 names (CPython's ``_compat_pickle``); those that matter for the list."""
PYTHON_2_NAMES = {
    ("builtins", "xrange"): ("builtins", "range"),
    ("builtins", "long"): ("builtins", "int"),
    ("builtins", "unicode"): ("builtins", "str"),
    ("builtins", "unichr"): ("builtins", "chr"),
    ("builtins", "reduce"): ("functools", "reduce"),
    ("builtins", "intern"): ("sys", "intern"),
    ("collections", "IterableUserDict"): ("collections", "UserDict"),
}

_DANGEROUS_MODULES = """
    os posix nt subprocess sys runpy importlib imp pty code codeop pdb bdb profile cProfile trace timeit doctest shutil
    socket ssl http urllib ftplib smtplib webbrowser ctypes _ctypes multiprocessing _posixsubprocess asyncio concurrent
    threading _thread signal io _io tempfile pathlib glob fileinput zipfile tarfile zipimport pkgutil pydoc idlelib
    lib2to3 distutils setuptools pip ensurepip venv logging operator types functools inspect dis ast marshal pickle
    _pickle shelve dbm sqlite3 gc weakref faulthandler readline platform site sysconfig xmlrpc xml wsgiref socketserver
    telnetlib nntplib poplib imaplib requests aiohttp paramiko fabric torch numpy cloudpickle dill joblib jinja2 yaml
"""
_DANGEROUS_BUILTINS = """
    eval exec compile open __import__ getattr setattr delattr input breakpoint globals locals vars map filter apply
    execfile help print
"""


def python3(module: str, name: str, protocol: int) -> tuple[str, str]:
    """What ``find_class`` looks up for a name in a stream of ``protocol``."""
    if protocol >= 3:
        return module, name
    module = PYTHON_2_MODULES.get(module, module)
    return PYTHON_2_NAMES.get((module, name), (module, name))


def dangerous(module: str, name: str) -> bool:
    """Whether the name is known to run code, change files or open connections, as far as anybody wrote it down."""
    top = module.partition(".")[0]
    return name in _DANGEROUS_BUILTINS.split() if top == "builtins" else top in _DANGEROUS_MODULES.split()
