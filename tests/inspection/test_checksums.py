"""Check digits against published sample numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.inspection import checksums


@pytest.mark.parametrize("value", ["79927398713", "4111 1111 1111 1111", "0"])
def test_luhn_accepts(value: str) -> None:
    assert checksums.luhn(value)


@given(st.integers(min_value=0, max_value=10**18), st.integers(min_value=1, max_value=9))
def test_luhn_notices_every_changed_last_digit(number: int, change: int) -> None:
    text = f"{number}0"
    check = next(digit for digit in range(10) if checksums.luhn(f"{number}{digit}"))
    assert not checksums.luhn(f"{text[:-1]}{(check + change) % 10}")


@given(st.text(alphabet="0123456789", min_size=1, max_size=30), st.data())
def test_verhoeff_notices_every_single_error(number: str, data: st.DataObject) -> None:
    whole = next(number + digit for digit in "0123456789" if checksums.verhoeff(number + digit))
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != whole[place]]))
    assert not checksums.verhoeff(whole[:place] + other + whole[place + 1 :])


def test_verhoeff_sample() -> None:
    assert checksums.verhoeff("2363")


@pytest.mark.parametrize("value", ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"])
def test_mod97_accepts(value: str) -> None:
    assert checksums.mod97(value)
    assert not checksums.mod97(value[:-1] + str((int(value[-1]) + 1) % 10))


@pytest.mark.parametrize("value", ["", "é", "DE", "ßß00"])
def test_mod97_refuses_what_it_cannot_read(value: str) -> None:
    assert not checksums.mod97(value)


def test_mod11_10_and_mod11_2() -> None:
    assert checksums.mod11_10("07945")
    assert not checksums.mod11_10("07946")
    assert not checksums.mod11_10("")
    assert checksums.mod11_2("0794 0")
    assert checksums.mod11_2("11010519491231002X")
    assert not checksums.mod11_2("110105194912310029")
    assert not checksums.mod11_2("abc")


def test_machine_readable_zone_sample() -> None:
    assert checksums.mrz("L898902C3") == 6
    assert checksums.mrz("740812") == 2


def test_vehicle_samples() -> None:
    assert checksums.vin("1M8GDM9AXKP042788")
    assert checksums.vin("11111111111111111")
    assert not checksums.vin("1M8GDM9AXKP04278")
    assert not checksums.vin("1M8GDM9AXKP04278I")


@pytest.mark.parametrize("value", ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"])
def test_base58check_samples(value: str) -> None:
    assert checksums.base58check(value)
    assert not checksums.base58check(value[:-1] + ("b" if value[-1] != "b" else "c"))


def test_base58check_refuses_what_is_no_address() -> None:
    assert not checksums.base58check("0OIl")
    assert not checksums.base58check("z" * 60)


@pytest.mark.parametrize(
    "value",
    [
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "A1LQFN3A",
    ],
)
def test_bech32_samples(value: str) -> None:
    assert checksums.bech32(value)


@pytest.mark.parametrize("value", ["bc1Qw508d6", "1qqqqqq", "nodata", "bc1b", "a1lqfn3b"])
def test_bech32_refuses(value: str) -> None:
    assert not checksums.bech32(value)
