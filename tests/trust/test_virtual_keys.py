from __future__ import annotations

import hashlib
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError
from bartizan.trust.virtual_keys import (
    KEY_LENGTH,
    KEY_PATTERN,
    KeyTable,
    create_key,
    is_well_formed,
    key_digest,
    key_id,
)


def test_fresh_keys_are_well_formed_and_all_different() -> None:
    keys = {create_key() for _ in range(200)}
    assert len(keys) == 200
    for key in keys:
        assert len(key) == KEY_LENGTH == 53
        assert re.fullmatch(KEY_PATTERN, key)
        assert is_well_formed(key)


def test_checksum_is_pinned_so_that_scanners_can_rely_on_it() -> None:
    body = "bzn_" + "A" * 43
    assert is_well_formed(body + "0WT1G3")
    assert _base62("0WT1G3") == zlib.crc32(body.encode())


@given(st.integers(min_value=0, max_value=KEY_LENGTH - 1), st.sampled_from("ABCxyz019_-"))
def test_one_changed_character_is_noticed(position: int, character: str) -> None:
    key = create_key()
    changed = key[:position] + character + key[position + 1 :]
    assert is_well_formed(changed) == (changed == key)


@given(st.text())
def test_any_text_has_a_digest_and_only_keys_are_well_formed(text: str) -> None:
    assert len(key_digest(text)) == 64
    assert not is_well_formed(text)


def test_lone_surrogate_is_just_an_unknown_key() -> None:
    assert KeyTable([(key_digest(create_key()), 1)]).find("\ud800") is None


def test_table_finds_by_key_and_gives_a_short_id() -> None:
    key, foreign = create_key(), "sk-from-elsewhere"
    table = KeyTable([(key_digest(key).upper(), "alice"), (key_digest(foreign), "bob")])
    assert table.find(key) == "alice"
    assert table.find(foreign) == "bob"
    assert table.find(key + " ") is None
    assert len(table) == 2
    assert key_id(key_digest(key)) == hashlib.sha256(key.encode()).hexdigest()[:8]


@pytest.mark.parametrize("digest", ["", "ab", "g" * 64, "a" * 63, "a" * 64 + "\n"])
def test_malformed_digest_is_a_configuration_error(digest: str) -> None:
    with pytest.raises(ConfigurationError, match="64 hexadecimal"):
        KeyTable([(digest, 1)])


def test_same_digest_twice_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        KeyTable([("a" * 64, 1), ("A" * 64, 2)])


def _base62(text: str) -> int:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    value = 0
    for character in text:
        value = value * 62 + digits.index(character)
    return value
