"""Texts that the benchmarks send: ordinary help-desk talk, written for this purpose."""

from __future__ import annotations

import json
from typing import Final

QUESTION: Final = (
    "Hello, I ordered two desk lamps and a chair from you three weeks ago. The lamps came the week after, but "
    "the chair has not arrived yet. The tracking page says it left the warehouse, then nothing for nine days. "
    "Could you find out where it is, and tell me what happens if it is lost? I would rather have the chair "
    "than the money. My neighbour can take the parcel on weekdays until four, and I am at home on Saturdays. "
    "Please do not leave it at the door, because it rains a lot here at this time of year. Thank you, and have "
    "a good week. "
)
"""About 600 characters; with the system text and JSON a request of 1 kB."""

SHORT: Final = (
    "Hello, this is about order {number}. The lamp came on Monday, but one of its {screws} screws is missing. Could "
    "you send me another one, and tell me how long it will take? The address has not changed. Thank you very much."
)
"""About 50 tokens; another number makes another text."""

SYSTEM: Final = (
    "You are the help desk of a furniture shop. Answer politely and briefly from the articles you are given. "
    "If you do not know, say so and offer to pass the question on to a colleague."
)

ANSWER: Final = (
    "I am sorry that the chair is late. It left our warehouse on the second and was handed to the carrier the same "
    "evening. Since then nobody has scanned it, which usually means that it waits in a regional depot. I have asked "
    "the carrier to look for it; they answer within two working days, and I will write to you as soon as they do.\n\n"
    "If it is lost, you can choose:\n\n"
    "1. We send a new chair at once. It is in stock, and express delivery is free in this case.\n"
    "2. We return the money to the card you paid with, which takes three to five days.\n\n"
    "I have noted that you would rather have the chair, that your neighbour takes parcels on weekdays until four, and "
    "that it must not be left at the door. Is there anything else that I can do for you today?"
)
"""About 800 characters."""

RECORDS: Final = json.dumps(
    [
        {"id": 1_000 + number, "name": "Ann Lee", "amount": number * 13.5, "status": "paid", "tags": ["new", "chair"]}
        for number in range(40)
    ]
)
"""What a tool may return: records in JSON."""

EVENTS: Final = 200
"""Events that a streamed answer is cut into."""
