"""Dotted names that documents have loaders import: what is plainly dangerous, and what is plainly a model's part."""

from __future__ import annotations

from bartizan.supplychain.formats.words import words

DANGEROUS = words(
    """
    os posix nt sys subprocess builtins __builtin__ importlib runpy pty shutil socket ctypes code codeop
    commands pickle _pickle cPickle dill cloudpickle marshal shelve joblib imp pip pkgutil platform webbrowser
    urllib requests httpx aiohttp http ftplib smtplib telnetlib asyncio multiprocessing threading signal
    tempfile pathlib io fileinput glob inspect timeit trace pdb bdb cProfile profile doctest unittest distutils
    setuptools ensurepip venv antigravity operator functools types gc atexit site zipimport logging.config
    concurrent sqlite3 xmlrpc wsgiref socketserver cffi numexpr torch.hub torch.load torch.utils.cpp_extension
    torch.ops.load_library numpy.load numpy.f2py numpy.testing pandas.eval pandas.read_pickle pandas.io.pickle
    hydra.utils omegaconf.resolvers IPython jinja2 mako yaml ruamel paramiko fabric pexpect sh plumbum invoke
    """
)
"""Modules and functions that run, load, send or change something; whatever lies below one of them counts too."""


def dangerous(name: str) -> bool:
    """Whether a dotted name lies at or below a dangerous module or function."""
    steps = name.split(".")
    return any(".".join(steps[:count]) in DANGEROUS for count in range(1, len(steps) + 1)) or any(
        step.startswith("__") for step in steps
    )


def below(name: str, roots: tuple[str, ...]) -> bool:
    """Whether a dotted name lies at or below one of ``roots``."""
    return any(name == root or name.startswith(root + ".") for root in roots)
