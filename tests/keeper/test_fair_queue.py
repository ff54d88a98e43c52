"""Principals take turns; what is held stays bounded; nobody's flood costs anybody else a place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bartizan.keeper.inference.fair_queue import FairQueue


@dataclass(eq=False)
class Item:
    principal: str
    weight: int = 1
    long: bool = False
    name: str = ""


def queue(held: int = 100, items: int = 100, altogether: int = 1000) -> FairQueue[Item]:
    return FairQueue(held, items, altogether)


def test_principals_take_turns_and_keep_their_own_order() -> None:
    one = queue()
    for number in range(5):
        one.push(Item("flood", name=f"f{number}"))
    one.push(Item("meek", name="m0"))
    order = []
    while (item := one.pop(long=True)) is not None:
        order.append(item.name)
        one.end(item)
    assert order == ["f0", "m0", "f1", "f2", "f3", "f4"]
    assert one.held == one.waiting == 0


def test_what_needs_another_turn_stays_first_of_its_principals() -> None:
    one = queue()
    first, second, other = Item("a", name="a0"), Item("a", name="a1"), Item("b", name="b0")
    for item in (first, second, other):
        one.push(item)
    assert one.pop(long=True) is first
    one.put_back(first)
    assert one.pop(long=True) is other
    assert one.pop(long=True) is first
    assert one.pop(long=True) is second
    assert one.pop(long=True) is None


def test_a_free_place_goes_to_whom_has_fewest_turns_running() -> None:
    one = queue()
    for _ in range(3):
        one.push(Item("a"))
    running = [one.pop(long=True), one.pop(long=True)]
    assert [item.principal for item in running if item] == ["a", "a"]  # nobody else is waiting: nothing lies idle
    one.push(Item("b"))
    item = one.pop(long=True)
    assert item is not None
    assert item.principal == "b"


def test_long_texts_leave_room_for_short_ones() -> None:
    one = queue()
    one.push(Item("a", long=True))
    one.push(Item("b"))
    item = one.pop(long=False)
    assert item is not None
    assert item.principal == "b"
    assert one.pop(long=False) is None
    assert one.pop(long=True) is not None


def test_a_principal_has_bounds() -> None:
    one = queue(held=10, items=3)
    assert one.push(Item("a", 8)) == []
    heavy = Item("a", 3)
    assert one.push(heavy) == [heavy]
    assert one.push(Item("a", 1)) == []
    assert one.push(Item("a", 1)) == []
    many = Item("a", 0)
    assert one.push(many) == [many]
    assert one.push(Item("b", 10)) == []
    too_much = Item("c", 11)
    assert one.push(too_much) == [too_much]


def test_when_all_is_full_the_largest_loses_its_newest() -> None:
    one = queue(held=10, altogether=15)
    for number in range(10):
        one.push(Item("flood", 1, name=str(number)))
    for _ in range(5):
        assert one.push(Item("meek", 1)) == []
    turned = one.push(Item("third", 1))
    assert [(item.principal, item.name) for item in turned] == [("flood", "9")]
    assert one.held == 15


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from("abcd"), st.integers(1, 12), st.booleans()),
            st.sampled_from(["pop", "end", "back"]),
        ),
        max_size=120,
    )
)
def test_nothing_is_lost_and_bounds_hold(steps: list[object]) -> None:
    one = queue(held=20, items=6, altogether=40)
    inside: Counter[int] = Counter()
    running: list[Item] = []
    for step in steps:
        if isinstance(step, tuple):
            item = Item(step[0], step[1], step[2])
            inside[id(item)] += 1
            kept.append(item)
            for turned in one.push(item):
                inside[id(turned)] -= 1
        elif step == "pop":
            popped = one.pop(long=True)
            if popped is not None:
                running.append(popped)
        elif running:
            item = running.pop()
            if step == "end":
                one.end(item)
                inside[id(item)] -= 1
            else:
                one.put_back(item)
        assert one.held <= 40
        assert sum(inside.values()) == one.waiting + len(running)
    for item in running:
        one.end(item)
        inside[id(item)] -= 1
    while (left := one.pop(long=True)) is not None:
        one.end(left)
        inside[id(left)] -= 1
    assert not any(inside.values())
    assert one.held == one.waiting == 0


kept: list[Item] = []
"""Keeps ids unique."""
