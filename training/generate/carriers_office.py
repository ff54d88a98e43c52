"""Material of offices and households: mail, chats, tickets, calendars, minutes, contracts, letters, CVs."""

from __future__ import annotations

from collections.abc import Callable

from training.generate.documents import BLOCK, FLOW, LINE, Draft

GREETINGS = (
    "Hi {first},", "Dear {first},", "Hello all,", "{first},", "Good morning {first},", "Dear {title} {last},", "Hey,",
    "Hi team,", "Dear colleagues,", "To whom it may concern,", "Hello {first} and {first},", "Dear customer,",
)  # fmt: skip
CLOSINGS = (
    "Best regards,\n{name}", "Thanks,\n{first}", "Cheers\n{first}", "Sent from my phone", "{name}\n{job}, {company}",
    "Kind regards\n{name}\n{company}\n{phone}", "Yours sincerely,\n\n{name}", "Love,\n{first}", "- {first}",
    "Many thanks and see you {day}\n{first}", "Warm wishes from {city},\n{name}",
)  # fmt: skip


def email(draft: Draft) -> None:
    draft.add(_head(draft) if draft.rng.random() < 0.7 else f"Subject: {draft.title()}")
    draft.add(draft.choose(*GREETINGS))
    while not draft.full:
        draft.add(draft.paragraph())
    draft.add(draft.choose(*CLOSINGS))
    if draft.rng.random() < 0.15:
        draft.add(draft.fill("This e-mail and its attachments are confidential. If you received it by mistake, please "
                             "tell {email} and delete it."))  # fmt: skip


def thread(draft: Draft) -> None:
    """Replies, newest first, older ones quoted."""
    depth = 0
    while not draft.full or depth < 2:
        if depth:
            draft.add(draft.fill("On {date} at {time}, {name} <{email}> wrote:"))
        mark = "> " * min(depth, 3)
        greeting, closing = draft.choose(*GREETINGS), draft.choose(*CLOSINGS)
        for block in (greeting, *(draft.paragraph(1, 4) for _ in range(draft.rng.randint(1, 3))), closing):
            draft.add("\n".join(mark + line for line in block.split("\n")))
        depth += 1


def newsletter(draft: Draft) -> None:
    draft.add(draft.fill("{company} News | {date}"))
    while not draft.full:
        draft.add(draft.title().upper() if draft.rng.random() < 0.4 else f"** {draft.title()} **")
        draft.add(draft.paragraph(1, 4))
        if draft.rng.random() < 0.5:
            draft.add(draft.choose("Read more: {url}", "Book now at {url}", "Click here to see all offers: {url}",
                                   "See the photos: {url}", "Register until {day}: {url}"))  # fmt: skip
    draft.add(draft.choose("You receive this because you signed up with {email}. Unsubscribe: {url}",
                           "Manage your preferences at {url}. {company}, {street}, {city}"))  # fmt: skip


def notification(draft: Draft) -> None:
    draft.separator = "\n"
    while not draft.full:
        draft.add(
            draft.choose(
                "[{company}] Your verification code is {number}. Do not share it with anyone.",
                "Reminder: {title} {last}, {day} at {time}. Reply C to confirm.",
                "{name} mentioned you in #{channel}:", "Your parcel {code} arrives {day} between {time} and {time}.",
                "Payment of {amount} to {company} was successful.", "{name} shared {file} with you.",
                "New sign-in from {city}. If this was not you, change your password.", "Build #{number} failed on main.",
            )
        )  # fmt: skip
        if draft.rng.random() < 0.6:
            draft.add(draft.paragraph(1, 2))


def chat(draft: Draft) -> None:
    draft.separator = "\n"
    people = [draft.fill("{first}") for _ in range(draft.rng.randint(2, 5))]
    form = draft.rng.choice(("[{time}] %who%: ", "%who%  {time}\n", "%who%: ", "**%who%** ({date}): ", "<%who%> "))
    if draft.rng.random() < 0.5:
        draft.add(draft.fill("#{channel} | {number} members"))
    small = ("ok", "sounds good", "+1", "haha", "thx!", "on it", "will do", "hm, not sure", "brb", ":thumbsup:", "nice",
             "who can take this?", "@{first} can you look?", "done", "see {url}", "morning all")  # fmt: skip
    while not draft.full:
        words = draft.choose(*small) if draft.rng.random() < 0.25 else draft.paragraph(1, 2)
        draft.add(put(draft.fill(form), who=draft.rng.choice(people)) + words)


def ticket(draft: Draft) -> None:
    draft.separator = "\n"
    draft.add(draft.fill("Ticket #{number}: ") + draft.title())
    draft.add(draft.choose("Status: {state}\nPriority: {level}\nReporter: {name}", "Assignee: {name} | Queue: {channel}",
                           "Requester: {email}\nProduct: {product}\nState: {state}"))  # fmt: skip
    draft.add("Description:\n" + draft.paragraph(1, 6))
    while not draft.full:
        draft.add(
            draft.choose("{name} ({date}): ", "Comment by {first}: ", "[{date} {time}] {first}: ")
            + draft.paragraph(1, 4)
        )
    if draft.rng.random() < 0.5:
        draft.add(
            draft.choose(
                "Resolution: waiting for customer", "Closed as duplicate of #{number}", "Time spent: {number} min"
            )
        )


def calendar(draft: Draft) -> None:
    draft.separator = "\n"
    form = draft.rng.choice((
        "- id: {number}\n  title: %title%\n  start: {date} {time}\n  end: {date} {time}\n  location: {street}, {city}\n"
        "  participants: [{email}, {email}]\n  description: %text%",
        "BEGIN:VEVENT\nSUMMARY:%title%\nDTSTART:{date}\nLOCATION:{city}\nORGANIZER:{email}\nDESCRIPTION:%text%\nEND:VEVENT",
        "{day} {time}  %title% ({first}, {first})\n    %text%",
    ))  # fmt: skip
    while not draft.full:
        draft.add(put(draft.fill(form), title=draft.title(), text=draft.paragraph(1, 2, LINE)), place="")


def meeting_notes(draft: Draft) -> None:
    draft.separator = "\n"
    draft.add(draft.fill("Minutes, {date}. Present: {name}, {name}, {name}. Notes: {first}."))
    number = 0
    while not draft.full:
        number += 1
        draft.add(f"{number}. {draft.title()}")
        for _ in range(draft.rng.randint(1, 4)):
            draft.add("   - " + draft.sentence())
        if draft.rng.random() < 0.6:
            draft.add(draft.fill("   Action ({first}, by {day}): ") + draft.request())


def contract(draft: Draft) -> None:
    draft.add(draft.choose("SERVICE AGREEMENT between {company} and {company}, {city}, {date}", "RENTAL CONTRACT\nLandlord: {name}\n"
                           "Tenant: {name}\nObject: {street}, {city}", "TERMS AND CONDITIONS of {company}",
                           "{company} staff policy, version {number}"))  # fmt: skip
    number = 0
    while not draft.full:
        number += 1
        draft.add(f"§ {number} {draft.title()}" if draft.rng.random() < 0.5 else f"{number}. {draft.title().upper()}")
        for part in range(1, draft.rng.randint(2, 4)):
            draft.add(f"({part}) " + draft.choose(*CLAUSES) + FLOW + " " + draft.paragraph(1, 2))
    draft.add(draft.fill("{city}, {date}\n\n____________________\n{name}"))


CLAUSES = (
    "The supplier shall deliver the goods named in annex {n} within {n} working days.",
    "The tenant must report any damage in writing without delay.",
    "Either party may end this contract with notice of {n} months.",
    "All information marked as confidential must not be passed on to third parties.",
    "Late payments bear interest of {n} percent a year.",
    "Employees shall not install software without the approval of the IT department.",
    "Changes to this agreement are valid only in writing.",
    "The courts of {city} have exclusive jurisdiction.",
    "The customer shall pay {amount} on the first day of each month to {iban}.",
    "Visitors must sign in at the desk and wear a badge at all times.",
    "Personal data are erased as soon as they are no longer needed.",
    "Invalidity of one clause does not affect the others.",
    "The contractor must follow the instructions of the site manager.",
    "Passwords are to be changed every {n} months and must not be written down.",
    "Disregard of these rules may lead to dismissal.",
    "This version overrides all previous agreements between the parties.",
)


def letter(draft: Draft) -> None:
    draft.add(draft.fill("{name}\n{street}\n{city}"))
    draft.add(draft.fill("{city}, {date}"))
    draft.add(draft.title())
    draft.add(draft.choose(*GREETINGS))
    while not draft.full:
        draft.add(draft.paragraph(2, 6))
    draft.add(draft.choose(*CLOSINGS))


def cv(draft: Draft) -> None:
    draft.separator = "\n"
    draft.add(draft.fill("{name}\n{street}, {city} | {email} | {phone}"))
    draft.add(draft.choose("PROFILE", "Summary", "About me"))
    draft.add(draft.choose("{job} with {n} years of experience in {city} and {city}.", "Reliable {job}, used to working in teams.",
                           "{job} who likes order, good tools and clear words."))  # fmt: skip
    while not draft.full:
        draft.add(
            draft.choose("EXPERIENCE", "Projects", "Education", "Skills and interests", "References", "Volunteering")
        )
        for _ in range(draft.rng.randint(1, 3)):
            draft.add(
                draft.choose(
                    "{year}-{year}  {job}, {company}, {city}",
                    "since {year}  {job} at {company}",
                    "{year}  Certificate no. {number}",
                )
            )
            draft.add("- " + draft.paragraph(1, 2))


def transcript(draft: Draft) -> None:
    draft.separator = "\n"
    people = [
        draft.choose("{name}", "{first}", "SPEAKER {n}", "Interviewer", "Host", "Caller", "Agent")
        for _ in range(draft.rng.randint(2, 4))
    ]
    stamp = 3
    while not draft.full:
        stamp += draft.rng.randint(4, 60)
        clock = f"[{stamp // 60:02}:{stamp % 60:02}] " if draft.size % 2 else ""
        draft.add(
            f"{clock}{draft.rng.choice(people)}: "
            + draft.choose("", "", "Well, ", "Um, ", "Right. ", "Yeah. ")
            + draft.paragraph(1, 4)
        )


def note(draft: Draft) -> None:
    """A bare paragraph or two, as a retrieval chunk or a memo is."""
    draft.separator = draft.rng.choice(("\n", "\n\n"))
    while not draft.full:
        draft.add(draft.paragraph(1, 6), draft.rng.choice((BLOCK, FLOW)))


def _head(draft: Draft) -> str:
    return draft.fill(
        draft.rng.choice((
            "From: {name} <{email}>\nTo: {email}\nDate: {date} {time}\nSubject: ",
            "From: {email}\nTo: {name} <{email}>; {email}\nSubject: ",
            "FROM {name}, TO {name}, RECEIVED {date} {time}, SUBJECT ",
        ))
    ) + draft.title()  # fmt: skip


def put(form: str, **values: str) -> str:
    """``form`` with each ``%key%`` replaced."""
    for key, value in values.items():
        form = form.replace(f"%{key}%", value)
    return form


CARRIERS: dict[str, Callable[[Draft], None]] = {
    "email": email, "thread": thread, "newsletter": newsletter, "notification": notification, "chat": chat,
    "ticket": ticket, "calendar": calendar, "meeting_notes": meeting_notes, "contract": contract, "letter": letter,
    "cv": cv, "transcript": transcript, "note": note,
}  # fmt: skip
