"""Rules of one or more files: references resolved, filters applied, no cycles, no doubles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bartizan.core.errors import BartizanError, ConfigurationError, DocumentError
from bartizan.core.problem import quote
from bartizan.detections.sigma.documents import collected, read_document
from bartizan.detections.sigma.model import (
    AllOf,
    And,
    AnyOf,
    Correlation,
    Detection,
    Filter,
    LogSource,
    Reference,
    Requirement,
    Rule,
)
from bartizan.workspace.files import read_bounded
from bartizan.workspace.nodes import decode, parse_documents
from bartizan.workspace.wording import did_you_mean

SUFFIXES: Final = (".yml", ".yaml")
MAX_FILES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Collection:
    """Rules that know each other."""

    rules: tuple[Rule, ...]
    """Detections and correlations; a correlation comes after everything it refers to."""
    reported: frozenset[str]
    """Keys of the rules whose findings are shown: all but those that only correlations refer to."""

    def __getitem__(self, key: str) -> Rule:
        """The rule of that key. Raises KeyError."""
        for rule in self.rules:
            if rule.header.key == key:
                return rule
        raise KeyError(key)


def load_collection(paths: Iterable[Path]) -> Collection:
    """The rules in files and folders (``*.yml``, ``*.yaml``, read in order of name).

    Raises:
        ConfigurationError: a path cannot be read or there is no rule at all.
        DocumentError: a file is not sound; says ``file:line:column``.
    """
    collection, problems = examine_collection(paths)
    if problems:
        raise problems[0]
    return collection


def examine_collection(paths: Iterable[Path]) -> tuple[Collection, list[BartizanError]]:
    """Like :func:`load_collection`, but gives everything that is wrong, at most one problem a document."""
    texts: list[tuple[str, str]] = []
    problems: list[BartizanError] = []
    seen: set[Path] = set()
    for path in paths:
        try:
            texts.extend(
                (str(file), decode(read_bounded(file, str(file)), str(file)))
                for file in _files(path)
                if file.resolve() not in seen and not seen.add(file.resolve())  # type: ignore[func-returns-value]
            )
        except BartizanError as error:
            problems.append(error)
    collection, more = _read(texts)
    problems += more
    if not problems and not collection.rules:
        problems.append(ConfigurationError("there is no rule", "name files, or folders with *.yml files"))
    return collection, problems


def read_collection(text: str, name: str = "rules.yml") -> Collection:
    """The rules in a text of one or more YAML documents. Raises DocumentError."""
    collection, problems = _read([(name, text)])
    if problems:
        raise problems[0]
    return collection


def read_texts(texts: Iterable[tuple[str, str]]) -> Collection:
    """The rules in named texts, which may refer to each other; none at all is no error. Raises DocumentError."""
    collection, problems = _read(list(texts))
    if problems:
        raise problems[0]
    return collection


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found: list[Path] = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        found += [Path(folder, name) for name in sorted(names) if name.endswith(SUFFIXES)]
        if len(found) > MAX_FILES:
            raise ConfigurationError(f"{path} holds more than {MAX_FILES} rule files")
    yield from found


def _read(texts: list[tuple[str, str]]) -> tuple[Collection, list[BartizanError]]:
    problems: list[BartizanError] = []
    rules: list[Rule] = []
    filters: list[Filter] = []
    for name, text in texts:
        try:
            documents = collected(parse_documents(text, name))
        except DocumentError as error:
            problems.append(error)
            continue
        for document in documents:
            try:
                one = read_document(document)
            except DocumentError as error:
                problems.append(error)
                continue
            filters.append(one) if isinstance(one, Filter) else rules.append(one)
    try:
        return _link(rules, filters, forgiving=bool(problems)), problems
    except DocumentError as error:
        return Collection((), frozenset()), [*problems, error]


def _link(rules: list[Rule], filters: list[Filter], *, forgiving: bool) -> Collection:
    names: dict[str, Rule] = {}
    for rule in rules:
        for name in dict.fromkeys((rule.header.key, rule.header.id, rule.header.name)):
            if name and name in names:
                other = names[name].header.place
                raise DocumentError(rule.header.place, f"the rule {quote(name)} again (as in {other})", "it once")
            if name:
                names[name] = rule
    resolved = [_resolve(rule, names, forgiving) for rule in rules]
    kept = [rule for rule in resolved if rule is not None]
    ordered = _order(_filter(kept, filters, names, forgiving))
    referred: dict[str, bool] = {}
    for rule in ordered:
        if isinstance(rule, Correlation):
            for key in rule.rules:
                referred[key] = referred.get(key, False) or rule.generate
    reported = frozenset(key for rule in ordered if referred.get(key := rule.header.key, True))
    return Collection(tuple(ordered), reported)


def _resolve(rule: Rule, names: dict[str, Rule], forgiving: bool) -> Rule | None:
    if isinstance(rule, Detection):
        return rule
    for name in rule.rules:
        if name not in names:
            if forgiving:
                return None
            hint = did_you_mean(name, names)
            place = rule.header.place
            raise DocumentError(place, f"a reference to {quote(name)}", "the id or name of a rule given here", hint)
    keys = {name: names[name].header.key for name in rule.rules}
    if len(set(keys.values())) < len(keys):
        raise DocumentError(rule.header.place, "one rule under two names in 'rules'", "each rule once")
    return replace(
        rule,
        rules=tuple(keys[name] for name in rule.rules),
        aliases={alias: _renamed(rule, fields, names, keys) for alias, fields in rule.aliases.items()},
        requirement=_rename(rule.requirement, keys) if rule.requirement is not None else None,
    )


def _renamed(rule: Rule, fields: dict[str, str], names: dict[str, Rule], keys: dict[str, str]) -> dict[str, str]:
    """An alias by the keys of rules: it may call one by its name where 'rules' calls it by its id."""
    result: dict[str, str] = {}
    for name, field in fields.items():
        key = names[name].header.key if name in names else ""
        if key not in keys.values() or key in result:
            hint = did_you_mean(name, keys)
            raise DocumentError(rule.header.place, f"an alias for {quote(name)}", "each rule of 'rules' once", hint)
        result[key] = field
    return result


def _rename(requirement: Requirement, keys: dict[str, str]) -> Requirement:
    if isinstance(requirement, Reference):
        return Reference(keys[requirement.rule])
    terms = tuple(_rename(term, keys) for term in requirement.terms)
    return AllOf(terms) if isinstance(requirement, AllOf) else AnyOf(terms)


def _filter(rules: list[Rule], filters: list[Filter], names: dict[str, Rule], forgiving: bool) -> list[Rule]:
    result = list(rules)
    for one in filters:
        wanted = None
        if one.rules is not None:
            for name in one.rules:
                if name not in names and not forgiving:
                    raise DocumentError(one.header.place, f"a filter of {quote(name)}", "a rule given here")
            wanted = {names[name].header.key for name in one.rules if name in names}
        for index, rule in enumerate(result):
            if not isinstance(rule, Detection) or (wanted is not None and rule.header.key not in wanted):
                continue
            if not _covers(one.source, rule.source):
                continue
            digest = f"{rule.header.digest}+{one.header.digest}"
            result[index] = replace(
                rule,
                expression=And((rule.expression, one.expression)),
                header=replace(rule.header, digest=digest),
            )
    return result


def _covers(wanted: LogSource, source: LogSource) -> bool:
    pairs = (
        (wanted.category, source.category),
        (wanted.product, source.product),
        (wanted.service, source.service),
    )
    return all(not one or one == other for one, other in pairs)


def _order(rules: list[Rule]) -> list[Rule]:
    by_key = {rule.header.key: rule for rule in rules}
    done: dict[str, bool] = {}
    ordered: list[Rule] = []

    def visit(rule: Rule, above: tuple[str, ...]) -> None:
        key = rule.header.key
        if done.get(key):
            return
        if key in above or len(above) > 32:
            raise DocumentError(rule.header.place, f"a circle of references at {quote(key)}", "references downwards")
        if isinstance(rule, Correlation):
            for name in rule.rules:
                if name in by_key:
                    visit(by_key[name], (*above, key))
        done[key] = True
        ordered.append(rule)

    for rule in rules:
        visit(rule, ())
    return ordered
