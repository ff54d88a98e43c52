"""Settings of package installers that hold for the folder they lie in: pip, npm, Yarn, Bun, conda, uv.

They are INI, YAML, TOML and lines of words. What counts is the same in all: which addresses packages come from, and
whether anything about them is checked. So lines are read by key, with what continues them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bartizan.supplychain.formats.hosts import is_local, open_addresses

INSTALLERS = frozenset({
    ".npmrc", "pip.conf", "pip.ini", ".yarnrc", ".yarnrc.yml", ".condarc", "uv.toml", "bunfig.toml",
})  # fmt: skip
"""Names of the files, in small letters."""
_ADDRESSES = frozenset({
    "registry", "indexurl", "extraindexurl", "findlinks", "index", "indexes", "url", "defaultindex", "scopes",
    "npmregistryserver", "npmpublishregistry", "npmregistries", "npmscopes", "channelalias", "channels", "install",
    "pip", "defaultchannels", "customchannels", "custommultichannels", "migratedcustomchannels",
})  # fmt: skip
_CHECKS = frozenset({"strictssl", "sslverify", "enablestrictssl"})
_HOSTS = frozenset({"trustedhost", "allowinsecurehost", "unsafehttpwhitelist"})
_OFF = frozenset({"false", "no", "off", "n", "f", "0", "none", "null"})
_KEY = re.compile(r"[-\s]*[\"']?(?:@[\w./-]+:)?([\w.-]+)[\"']?(?:[ \t]*[=:](?![/\\])|[ \t]+)")
_SECTION = re.compile(r"\s*\[{1,2}\s*(?:[\w.\"'-]+\.)?[\"']?([\w-]+)[\"']?\s*\]{1,2}\s*(?:#.*)?$")
_WORD = re.compile(r"[^\s\"',\[\]{}=]+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_LONGEST_KEY, _SHOWN = 300, 400
_BARE = re.compile(r"(?i)\s*http:[/\\]")


@dataclass(slots=True)
class _Setting:
    key: str
    at: int
    parts: list[str]


def unchecked(text: str) -> Iterator[tuple[int, str]]:
    """Settings that take packages from where nothing is checked, with the character at which each begins."""
    for setting in _settings(text):
        value = _ESCAPE.sub(_written, " ".join(setting.parts))
        addresses = open_addresses(value) if setting.key in _ADDRESSES else []
        words = [word.strip("-") or word for word in _WORD.findall(value)]
        off = setting.key in _CHECKS and bool(words) and words[0].casefold() in _OFF
        if addresses or off or (setting.key in _HOSTS and not all(is_local(word) for word in words if word != "-")):
            yield setting.at, " ".join(f"{setting.key} {value}".split())[:_SHOWN]


def _settings(text: str) -> list[_Setting]:
    """The settings with their values; what is indented or has no key continues the one above."""
    found: list[_Setting] = []
    above: _Setting | None = None
    section, at = "", 0
    for line in text.splitlines(keepends=True):
        begin, at = at, at + len(line)
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        value = re.split(r"\s#", line)[0]
        if (header := _SECTION.match(line)) is not None and not line[0].isspace():
            section, above = _plain(header.group(1)), None
            continue
        key = None if _BARE.match(value) else _KEY.match(value[:_LONGEST_KEY])
        name = _plain(key.group(1)) if key is not None else ""
        if above is not None and (line[0].isspace() or key is None or line.startswith(("-", "]", "}"))):
            above.parts.append(value.strip())
            if name not in _ADDRESSES | _CHECKS | _HOSTS or above.key in _ADDRESSES | _HOSTS:
                continue
        own = _Setting(name, begin, [value[key.end() :].strip() if key is not None else value.strip()])
        if key is None or (section == "scopes" and name not in _CHECKS):
            own.key = "url"
        found.append(own)
        if not line[0].isspace() or above is None:
            above = own
    return found


def _plain(key: str) -> str:
    """The last step of a dotted key, except of npm's settings for new packages (``init.author.url``)."""
    last = key if key.startswith("init") else key.rpartition(".")[2]
    return re.sub(r"[-_]", "", last).casefold()


def _written(escape: re.Match[str]) -> str:
    return chr(int(escape.group(1) or escape.group(2), 16))
