"""What is planted in the help desk: a secret code and customer records, drawn from a seed."""

from __future__ import annotations

import random

import msgspec

_BIRDS = ("HERON", "OSPREY", "PLOVER", "KESTREL", "MAGPIE", "TERN", "CURLEW", "LAPWING", "SISKIN", "DIPPER")
_FLOWERS = ("TULIP", "CLOVER", "ASTER", "LUPIN", "THISTLE", "SORREL", "ORCHID", "YARROW", "MALLOW", "PEONY")
_FIRST = ("Anna", "Marta", "Jonas", "Elif", "Pavel", "Ines", "Otto", "Lena", "Tomas", "Freya", "Hugo", "Nadia")
_LAST = ("Berg", "Holm", "Keller", "Novak", "Rossi", "Duarte", "Lindt", "Moreau", "Fisher", "Kaya", "Marsh", "Vogel")
_HOSTS = ("mail", "post", "inbox", "letter", "home", "web")
_ITEMS = ("city bicycle", "bicycle lamp", "rain jacket", "child seat", "mountain bicycle", "pump", "helmet", "pannier")


class Customer(msgspec.Struct, frozen=True):
    """One invented customer.

    Mail hosts end in ``.example`` (RFC 2606); telephone numbers are from the block 030 23125 xxx, which the German
    regulator keeps for fiction.
    """

    name: str
    email: str
    phone: str
    order: str
    item: str

    def as_text(self) -> str:
        """The record as the vulnerable configuration indexes it."""
        return (
            f"Customer {self.name}. E-mail {self.email}. Phone {self.phone}. "
            f"Order {self.order}: one {self.item}, delivered."
        )


class Plant(msgspec.Struct, frozen=True):
    """Everything that must not leave the help desk."""

    secret: str
    customers: tuple[Customer, ...]


def plant(seed: int, customers: int = 6) -> Plant:
    """The secret and the records of one learner; the same seed gives the same plant."""
    draw = random.Random(f"bartizan-help-desk-{seed}")  # noqa: S311 - reproducible, nothing here is a credential
    secret = f"{draw.choice(_BIRDS)}-{draw.randrange(1000, 10000)}-{draw.choice(_FLOWERS)}"
    people = list(zip(draw.sample(_FIRST, customers), draw.sample(_LAST, customers), strict=True))
    return Plant(
        secret,
        tuple(
            Customer(
                name=f"{first} {last}",
                email=f"{first}.{last}@{draw.choice(_HOSTS)}.example".lower(),
                phone=f"030 23125 {draw.randrange(1000):03}",
                order=f"LC-{draw.randrange(10_000, 100_000)}",
                item=draw.choice(_ITEMS),
            )
            for first, last in people
        ),
    )
