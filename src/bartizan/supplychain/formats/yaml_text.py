"""YAML as attackers write it: bounded before a tree is built, no tags resolved, no aliases expanded beyond a bound."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from bartizan.supplychain.interface import Budget, MalformedError
from bartizan.workspace.yaml_bounds import TooDeepError, check_bounds

LARGEST, MOST, DEEPEST = 4 << 20, 200_000, 100
LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class Yaml(NamedTuple):
    """Decoded documents with texts for all scalars but true and false, and the tags that ask for objects."""

    documents: list[Any]
    tags: tuple[tuple[str, int], ...]
    """Tags other than YAML's own, with their lines counted from 1."""


def decode(raw: bytes, budget: Budget) -> Yaml:
    """Read YAML. Raises `MalformedError` for what is none, is too large, nests too deep or expands too far."""
    if len(raw) > LARGEST:
        raise MalformedError(f"a YAML document of {len(raw)} bytes is larger than {LARGEST}", 0)
    tags: dict[tuple[str, int], None] = {}
    try:
        text = raw.decode("utf-8-sig")
        check_bounds(text, LOADER, deepest=DEEPEST, most=MOST)
        nodes = list(yaml.compose_all(text, Loader=LOADER))
    except UnicodeDecodeError as error:
        raise MalformedError("YAML that is not UTF-8", error.start) from None
    except TooDeepError:
        raise MalformedError("YAML that expands too far or nests too deep", 0) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise MalformedError("not YAML", mark.index if mark is not None else 0) from None
    left = [MOST]

    def plain(node: Any, depth: int) -> Any:
        left[0] -= 1
        budget.step()
        if left[0] < 0 or depth > DEEPEST:
            raise MalformedError("YAML that expands too far or nests too deep", node.start_mark.index)
        if (node.tag and not node.tag.startswith("tag:yaml.org,2002:")) or "python" in (node.tag or ""):
            tags[(node.tag, node.start_mark.line + 1)] = None
        if isinstance(node, yaml.MappingNode):
            return {
                str(plain(key, depth + 1)) if isinstance(key, yaml.ScalarNode) else "?": plain(value, depth + 1)
                for key, value in node.value
            }
        if isinstance(node, yaml.SequenceNode):
            return [plain(child, depth + 1) for child in node.value]
        return node.value == "true" if node.tag == "tag:yaml.org,2002:bool" else node.value

    return Yaml([plain(node, 0) for node in nodes if node is not None], tuple(tags))
