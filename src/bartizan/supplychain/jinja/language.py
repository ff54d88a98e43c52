"""What honest chat templates are made of: the filters, tests, functions and methods of the allow-list.

Taken from Jinja 3.1's list of built-in filters and tests, from what transformers adds to the environment of a chat
template (``raise_exception``, ``strftime_now``, ``tojson``) and from what minja, the template engine of llama.cpp,
knows.
"""

from __future__ import annotations

from bartizan.supplychain.formats.words import words

FILTERS = words(
    """
    abs batch capitalize center count d default dictsort escape e filesizeformat first float forceescape format
    from_json groupby indent int items join last length list lower map max min reject rejectattr replace reverse
    round safe select selectattr slice sort string strip striptags sum title tojson trim truncate unique upper
    urlencode wordcount wordwrap xmlattr pprint random
    """
)
"""Built-in filters but ``attr``, which reaches any attribute by a computed name."""

ATTRIBUTE_FILTERS = frozenset(
    {"map", "groupby", "sort", "selectattr", "rejectattr", "sum", "max", "min", "unique", "join"}
)
"""Filters that read an attribute which an argument names."""

TESTS = words(
    """
    boolean callable contains defined divisibleby eq equalto escaped even false filter float ge greaterthan gt
    in integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string test true
    undefined upper startswith endswith
    """
)

FUNCTIONS = frozenset({"range", "namespace", "raise_exception", "strftime_now", "dict", "caller", "loop", "super"})
"""What a template may call by its bare name, beside its own macros."""

METHODS = words(
    """
    append capitalize copy count endswith extend find format get index insert isalpha isdecimal isdigit islower
    isnumeric isspace istitle isupper items join keys ljust lower lstrip partition pop removeprefix removesuffix
    replace rfind rindex rjust rpartition rsplit rstrip setdefault sort split splitlines startswith strftime
    strip swapcase title update upper values zfill cycle changed isoformat
    """
)
"""Methods of texts, lists, maps, dates and ``loop``."""

GADGETS = words(
    """
    lipsum cycler joiner self request config url_for get_flashed_messages application session environ exec eval
    compile open input breakpoint getattr setattr delattr vars globals locals import_module os sys subprocess
    builtins importlib
    """
)
"""Names that lead out of the sandbox in Jinja or in the frameworks around it."""

INTERNAL = words(
    """
    gi_frame gi_code cr_frame cr_code ag_frame ag_code f_globals f_locals f_builtins f_back f_code tb_frame
    tb_next func_globals func_code func_closure im_self im_func im_class mro subclasses format_map
    """
)
"""Attributes without underscores that lead to frames, code and classes."""
