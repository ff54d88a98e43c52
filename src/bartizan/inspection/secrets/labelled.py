"""Values that say they are secret: ``password: …``, ``api_key = …``, in several languages.

A label alone proves little: documentation, code and forms are full of them. What follows has to look like a value
(several kinds of characters, enough entropy) and must not be a placeholder, a variable or a call.
"""

from __future__ import annotations

import re

from bartizan.core.threat import Severity
from bartizan.inspection.checksums import digits
from bartizan.inspection.interface import Extent, Pattern
from bartizan.inspection.secrets.formats import credible, entropy, secret, without_placeholders

_PASSWORDS = (
    "password",
    "passwort",
    "passwd",
    "passphrase",
    "pwd",
    "passcode",
    "secret code",
    "access code",
    "kennwort",
    "contraseña",
    "mot de passe",
    "wachtwoord",
    "hasło",
    "senha",
    "пароль",
    "密码",
    "パスワード",
    "비밀번호",
)
_KEYS = (
    "api_key",
    "apikey",
    "api-key",
    "api key",
    "secret_key",
    "secret-key",
    "secretkey",
    "secret key",
    "access_key",
    "access-key",
    "accesskey",
    "access key",
    "access_token",
    "access-token",
    "access token",
    "auth_token",
    "auth-token",
    "auth token",
    "authtoken",
    "client_secret",
    "client-secret",
    "client secret",
    "private_key",
    "encryption_key",
    "signing_key",
    "refresh_token",
    "app_secret",
    "session_token",
    "account_key",
    "bot_token",
    "_token",
    "_secret",
    "_key",
    "token",
    "secret",
    "credential",
)
_AFTER = (
    ":",
    "=",
    " :",
    " =",
    "  ",
    " \t",
    "\t",
    '"',
    "'",
    "`",
    "*",
    " is",
    " ist",
    " est",
    " es",
    " lautet",
    "：",
    "は",
    " ：",
    " は",
)
_GAP = r"[\"'`*]{0,3}(?:[ \t]{0,3}(?::=|=>|[:=：は])|[ \t]{1,3}(?:is|ist|est|es|lautet)\b)[ \t\"'`*:=]{0,6}"
_VALUE = r"[^\s\"'`<>{}|,;()\[\]]"

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z_0-9]*(?:(?:\.|->|::)[A-Za-z_][A-Za-z_0-9]*)*\Z")
# fmt: off
_PLAIN = frozenset({
    "required", "optional", "invalid", "incorrect", "missing", "expired", "valid", "null", "none", "true",
    "false", "undefined", "string", "boolean", "integer", "number", "str", "int", "bytes", "object", "wrong",
    "correct", "empty", "hidden", "secret", "process.env", "os.environ",
})
# fmt: on


def spelled_password(value: str) -> bool:
    """At least six characters of two kinds, one of them a digit or a symbol inside; no variable, no placeholder."""
    rest = without_placeholders(value)
    if len(rest) < 4 or value.lower() in _PLAIN or value[0] in "$%&~/" or len(set(rest)) < 4 or "://" in value:
        return False
    kinds = [any(map(kind, value)) for kind in (str.islower, str.isupper, str.isdigit)]
    symbol = any(not character.isalnum() and character not in "-_." for character in value[:-1])
    if _IDENTIFIER.match(value) and not kinds[2]:
        return False
    return sum(kinds) + symbol >= 2 and (kinds[2] or symbol)


def random_key(value: str) -> bool:
    """At least 12 characters with letters and digits and the entropy of a drawn value."""
    rest = without_placeholders(value)
    if len(rest) < 12 or value[0] in "$%&~/" or "://" in value or not digits(value) or value.isdigit():
        return False
    return entropy(rest) >= 3.0 and not ("." in value and _IDENTIFIER.match(value) and len(digits(value)) < 3)


def _labels(labels: tuple[str, ...], minimum: int, longest: int) -> tuple[tuple[str, ...], str, int]:
    stems = tuple(label + after for label in labels for after in _AFTER)
    alternatives = "|".join(labels)
    regex = rf"(?i)(?:{alternatives}){_GAP}(?P<hit>{_VALUE}{{{minimum - 1},{longest - 1}}}[^\s\"'`<>{{}}|,;.!?:()\[\]])"
    return stems, regex, max(map(len, labels)) + 20 + longest


def labelled_secrets() -> tuple[Pattern, ...]:
    """Rows of this group."""
    password_stems, password_regex, password_length = _labels(_PASSWORDS, 6, 96)
    key_stems, key_regex, key_length = _labels(_KEYS, 12, 128)
    return (
        secret(
            "labelled_password",
            password_regex,
            password_length,
            extent=Extent.STEM,
            stems=password_stems,
            check=spelled_password,
            score=0.85,
            examples=(
                "password: hunter2x",
                'DB_PASSWORD="S3cure!pw"',
                "Das Passwort lautet Sommer2026!",
                "password \t: hunter2x",
                "the secret code is BLUE-FALCON-7731.",
                "contraseña: Verano#19",
                "**Password:** `kX9$mQ2w`",
            ),
            counter_examples=(
                "password: your-password-here",
                "password is required",
                "password = getpass()",
                "password: ${DB_PASSWORD}",
                "password: <password>",
                "password=changeme",
                "password: ********",
                "password = user.password",
                "pwd: /usr/local/bin2",
                "The password is incorrect.",
                "password = os.environ.get",
                "Password: ",
            ),
        ),
        secret(
            "labelled_key",
            key_regex,
            key_length,
            extent=Extent.STEM,
            stems=key_stems,
            check=random_key,
            score=0.85,
            examples=(
                "api_key = 'q8Zx1rTv5LmN0pWs'",
                '"client_secret": "9f8e7d6c5b4a39281706f5e4"',
                "SECRET_KEY=dj4ng0k3yv4lu3r4nd0m",
                "access token is a81bc81b9f4e4c0d8f2e",
            ),
            counter_examples=(
                "api_key = 'your-api-key-here'",
                "token: str",
                "secret_key = settings.SECRET_KEY",
                "token = tokenizer.next_token()",
                "api_key: xxxxxxxxxxxxxxxxxxxx",
                "api_key=<YOUR_API_KEY_123>",
                "max_token = 1234567890123",
                "token: ${{ secrets.GITHUB_TOKEN }}",
            ),
        ),
        secret(
            "aws_secret_access_key",
            r"(?i)aws_?secret(?:_?access)?(?:_?key)?[\"'`]{0,2}[ \t]{0,3}(?::=|=>|[:=])[ \t\"'`]{0,4}"
            r"(?P<hit>[A-Za-z0-9/+]{40})",
            90,
            extent=Extent.STEM,
            stems=("aws_secret", "awssecret"),
            check=credible(36),
            severity=Severity.CRITICAL,
            examples=("aws_secret_access_key = k7Gd2QpX9vLz4RmT8wYb1NcJ6hFs3EuAoVi5KxPq",),
            counter_examples=("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY/short",),
        ),
    )
