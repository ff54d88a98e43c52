"""How a person or a machine is reached: e-mail, telephone, network addresses."""

from __future__ import annotations

import ipaddress

from bartizan.core.threat import Severity
from bartizan.inspection.checksums import digits
from bartizan.inspection.interface import Extent, Pattern
from bartizan.inspection.personal_data.formats import GAP_LENGTH, MARK, label_regex, row, stems_of

_PHONE_LABELS = (
    "telephone",
    "phone number",
    "mobile number",
    "call me at",
    "call me on",
    "whatsapp",
    "telefonnummer",
    "telefonnr",
    "telefon",
    "teléfono",
    "téléphone",
    "rufnummer",
    "handynummer",
    "телефон",
    "电话",
    "電話",
    "手机",
    "phone",
    "mobile",
    "tel",
    "cell",
    "mob",
    "handy",
    "fax",
    "móvil",
)

# fmt: off
_CALLING_CODES = frozenset({
    1, 7, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57,
    58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98, 211, 212, 213, 216, 218, 220,
    221, 222, 223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241,
    242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255, 256, 257, 258, 260, 261, 262, 263,
    264, 265, 266, 267, 268, 269, 290, 291, 297, 298, 299, 350, 351, 352, 353, 354, 355, 356, 357, 358, 359,
    370, 371, 372, 373, 374, 375, 376, 377, 378, 379, 380, 381, 382, 383, 385, 386, 387, 389, 420, 421, 423,
    500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 590, 591, 592, 593, 594, 595, 596, 597, 598, 599, 670,
    672, 673, 674, 675, 676, 677, 678, 679, 680, 681, 682, 683, 685, 686, 687, 688, 689, 690, 691, 692, 800,
    808, 850, 852, 853, 855, 856, 870, 878, 880, 881, 882, 883, 886, 888, 960, 961, 962, 963, 964, 965, 966,
    967, 968, 970, 971, 972, 973, 974, 975, 976, 977, 979, 992, 993, 994, 995, 996, 998,
})
# fmt: on
"""Country codes in use, ITU-T E.164 annex."""


def email(value: str) -> bool:
    """Not a reserved pseudonym domain, a file name at two scales (``icon@2x.png``) or a repository URL's ``git@``."""
    local, _, domain = value.lower().rpartition("@")
    last = domain.rpartition(".")[2]
    return last not in {"invalid", "png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js"} and not (
        local == "git" or local.endswith(".") or ".." in local or local.startswith(".")
    )


def international(value: str) -> bool:
    """ITU-T E.164: a country code in use and 8 to 15 digits."""
    text = "".join(map(str, digits(value)))
    return (
        8 <= len(text) <= 15 and any(int(text[:width]) in _CALLING_CODES for width in (1, 2, 3)) and len(set(text)) > 2
    )


def some_telephone(value: str) -> bool:
    """6 to 15 digits, not all the same: what a label is trusted with."""
    return 6 <= len(digits(value)) <= 15 and len(set(digits(value))) > 1


def north_american(value: str) -> bool:
    """NANP: area code and exchange start with 2 to 9, and neither is a service code such as 911."""
    text = "".join(map(str, digits(value)))[-10:]
    return text[1:3] != "11" and text[4:6] != "11" and len(set(text)) > 2


def public_ipv4(value: str) -> bool:
    """A globally routable address that does not look like a version number or a network."""
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        return False
    octets = [int(part) for part in value.split(".")]
    return address.is_global and not address.is_multicast and octets[3] != 0 and max(octets) >= 20


def public_ipv6(value: str) -> bool:
    """A globally routable IPv6 address (RFC 4291); documentation and local ranges are not."""
    try:
        address = ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast


def unicast_mac(value: str) -> bool:
    """A unicast hardware address that is not all zeros (IEEE 802)."""
    raw = bytes.fromhex(value.replace(":", "").replace("-", ""))
    return len(raw) == 6 and not raw[0] & 1 and len(set(raw)) > 2


def contact() -> tuple[Pattern, ...]:
    """Rows of contact and network data."""
    phone_stems = stems_of(_PHONE_LABELS)
    return (
        row(
            "email",
            Extent.TOKEN,
            r"\b[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,5}[A-Za-z]{2,24}\b",
            420,
            check=email,
            literals=("@",),
            replace=lambda _: "[EMAIL]",
            apart=False,
            examples=("jane.doe+news@mail.example.org", "write to bob@corp.de."),
            counter_examples=("icon@2x.png", "git@github.com", "user@localhost", "@handle", "a..b@"),
        ),
        row(
            "phone_international",
            Extent.TOKEN,
            r"\+[1-9]\d{7,14}\b",
            18,
            check=international,
            literals=("+",),
            name="phone",
            examples=("+4915123456789", "(+14155552671)"),
            counter_examples=("x+11111111", "+999123456789", "1+12345"),
        ),
        row(
            "phone_international_grouped",
            Extent.GROUPS,
            rf"\+[1-9]\d{{0,2}}(?:{MARK}\(?\d{{1,5}}\)?\d{{0,5}}|/\d{{2,5}}){{1,2}}(?:[ .\-‐-―/]\d{{2,8}}){{1,4}}\b",
            70,
            check=international,
            literals=("+",),
            name="phone",
            examples=("+49 151 2345 6789", "+1 (415) 555-2671", "+44 20 7946 0958", "+33 1 42 68 53 00"),
            counter_examples=("+1 000 000 000", "2 +3 4 5"),
        ),
        row(
            "phone_north_american",
            Extent.GROUPS,
            r"(?:\b1[ .-])?(?:\([2-9]\d{2}\) ?|\b[2-9]\d{2}[-.])[2-9]\d{2}[-.]\d{4}\b",
            20,
            check=north_american,
            name="phone",
            examples=("(415) 555-2671", "415-555-2671", "1-415-555-2671", "415.555.2671"),
            counter_examples=("411-911-1234", "100-200-3000", "2024-555-26712", "v1.415-555-2671"),
        ),
        row(
            "phone_french",
            Extent.GROUPS,
            r"\b0[1-9](?:[ .]\d{2}){4}\b",
            16,
            name="phone",
            examples=("06 12 34 56 78", "01.42.68.53.00"),
            counter_examples=("00 12 34 56 78", "06 12 34 56"),
        ),
        row(
            "phone_british",
            Extent.GROUPS,
            r"\b0(?:20 \d{4} \d{4}|1\d{3} \d{6}|7\d{3} ?\d{3} ?\d{3}|1\d{2} \d{3} \d{4})\b",
            16,
            name="phone",
            examples=("020 7946 0958", "07700 900123", "07911 123456"),
            counter_examples=("0207 94", "020 7946 09581"),
        ),
        row(
            "phone_labelled",
            Extent.STEM,
            label_regex(_PHONE_LABELS)
            + r"(?P<hit>\+?\(?\d{1,5}\)?(?:[ .\-‐-―/]{1,2}\(?\d{1,8}\)?){1,6}|\+?\d{7,15})\b",
            max(map(len, phone_stems)) + GAP_LENGTH + 82,
            check=some_telephone,
            stems=phone_stems,
            name="phone",
            examples=("Tel: 030/1234 5678", "phone number is 0151 23456789", "Telefon: 089 123456"),
            counter_examples=("phone: none", "telephone 12"),
        ),
        row(
            "ipv4",
            Extent.TOKEN,
            r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b",
            17,
            check=public_ipv4,
            severity=Severity.LOW,
            score=0.6,
            examples=("from 93.184.216.34", "http://81.2.69.142/"),
            counter_examples=("192.168.1.10", "127.0.0.1", "203.0.113.9", "1.2.3.4.5", "8.8.8.8", "version 4.12.3.1"),
        ),
        row(
            "ipv6",
            Extent.TOKEN,
            r"\b(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}){0,6}\b",
            68,
            check=public_ipv6,
            literals=(":",),
            severity=Severity.LOW,
            score=0.6,
            examples=("2a00:1450:4001:81b::200e", "2606:2800:220:1:248:1893:25c8:1946"),
            counter_examples=("12:30:45", "::1", "fe80::1", "2001:db8::1", "std::vector"),
        ),
        row(
            "mac_address",
            Extent.TOKEN,
            r"\b(?:[0-9A-Fa-f]{2}:){5,7}[0-9A-Fa-f]{2}\b|\b(?:[0-9A-Fa-f]{2}-){5,7}[0-9A-Fa-f]{2}\b",
            25,
            check=unicast_mac,
            severity=Severity.LOW,
            score=0.6,
            examples=("00:1A:2B:3C:4D:5E", "3c-22-fb-0a-91-7e"),
            counter_examples=("ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "00:1A:2B:3C:4D:5E:6F:70"),
        ),
    )
