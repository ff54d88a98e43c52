"""Key files, signed tokens and credentials inside URLs and headers: formats of RFCs and of common tools."""

from __future__ import annotations

from bartizan.core.threat import Severity
from bartizan.inspection.interface import Extent, Pattern
from bartizan.inspection.secrets.formats import (
    credible,
    entropy,
    glue,
    json_header,
    secret,
    user_and_password,
    without_placeholders,
)

_BREAK = r"(?:\s|\\[rn]){0,20}"
_LINES = rf"(?:{_BREAK}[A-Za-z0-9+/=]{{16,76}}){{0,12}}"
_PEM_BODY = (
    rf"(?:{_BREAK}(?:Proc-Type|DEK-Info|Comment|Version|Hash): [A-Za-z0-9 ,.()-]{{1,60}}){{0,4}}"
    + _LINES * 12
    + r"(?:(?:\r?\n|\\n)[ \t]{0,20}[A-Za-z0-9+/=]{1,15})?"
)
_USERINFO = r"!#$%&()*+,.0-9;=?A-Z\[\]^_a-z~\-"
_PLACEHOLDERS = frozenset({"pass", "pwd", "xxx", "xxxx", "***", "****", "hunter2", "user", "pw", "root", "port"})


def url_password(value: str) -> bool:
    """Not a documentation password, a variable or a run of one character."""
    return (
        len(set(value)) > 2
        and value.lower() not in _PLACEHOLDERS
        and not value.startswith(("$", "%", "<", "[", "("))
        and len(without_placeholders(value)) >= 3
    )


def dense(value: str) -> bool:
    """Looks drawn at random rather than spelled."""
    return entropy(value) >= 3.2 and len(without_placeholders(value)) >= 16


def keys() -> tuple[Pattern, ...]:
    """Rows of this group."""
    return (
        secret(
            "private_key",
            rf"-----BEGIN (?:[A-Z0-9]{{1,12}} ){{0,3}}PRIVATE KEY(?: BLOCK)?-----{_PEM_BODY}"
            rf"(?:(?:{_BREAK}[A-Za-z0-9+/=]{{1,15}})?{_BREAK}-----END [A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)?-----)?",
            18_000,
            extent=Extent.STEM,
            stems=("-----begin",),
            severity=Severity.CRITICAL,
            score=1.0,
            examples=(
                glue(
                    "-----BEGIN RSA PRIVATE",
                    " KEY-----\nMIIEowIBAAKCAQEAx0Pq3J8Zk1s5m9Vn\n-----END RSA PRIVATE KEY-----",
                ),
                glue("-----BEGIN OPENSSH PRIVATE", " KEY-----\\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"),
                glue("-----BEGIN PGP PRIVATE", " KEY BLOCK-----\nVersion: GnuPG v2\n\nlQOYBGNxAbcBCAC7vXo"),
            ),
            counter_examples=("-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----"),
        ),
        secret(
            "putty_private_key",
            r"PuTTY-User-Key-File-[23]: [a-z0-9-]{4,40}",
            70,
            extent=Extent.STEM,
            stems=("putty-user-key-file-",),
            severity=Severity.CRITICAL,
            score=1.0,
            examples=("PuTTY-User-Key-File-3: ssh-ed25519",),
            counter_examples=("PuTTY-User-Key-File",),
        ),
        secret(
            "age_secret_key",
            r"AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{58,120}",
            142,
            literals=("age-secret-key-",),
            severity=Severity.CRITICAL,
            check=credible(50),
            examples=(glue("AGE-SECRET", "-KEY-1QL3Z7HJY54PW3HYWW5AYYFG7ZQGVC7W3J2ELW8ZMRJ2KG5SFN9AQRTWDZ7"),),
            counter_examples=("AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ",),
        ),
        secret(
            "json_web_token",
            r"\beyJ[A-Za-z0-9_-]{8,600}\.[A-Za-z0-9_-]{4,1000}[A-Za-z0-9_.-]{0,1000}[A-Za-z0-9_.-]{0,1000}[A-Za-z0-9_.-]{0,1000}",
            6_000,
            literals=("eyj",),
            check=json_header,
            examples=(
                glue(
                    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
                    ".eyJzdWIiOiI0MiIsIm5hbWUiOiJKYW5lIn0",
                    ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
                ),
            ),
            counter_examples=("eyJub3QiOiJhIGhlYWRlciJ9.eyJhIjoxfQ.c2ln", "eyJhbGciOiJIUzI1NiJ9"),
        ),
        secret(
            "url_password",
            rf"\b[A-Za-z][A-Za-z0-9+.-]{{1,20}}://[{_USERINFO}]{{0,80}}:(?P<hit>[{_USERINFO}:]{{3,128}})"
            r"@[A-Za-z0-9\[][A-Za-z0-9.:-]{0,100}",
            340,
            literals=("://",),
            check=url_password,
            severity=Severity.HIGH,
            examples=(
                "postgres://app:s3cr3tPa55@db.internal:5432/app",
                "https://bob:Tr0ub4dor@git.corp.io/x.git",
                "redis://:k9Zq1LmN@cache:6379/0",
            ),
            counter_examples=(
                "postgres://user:password@localhost/db",
                "https://example.com:8080/a@b",
                "mongodb://${USER}:${PASS}@host",
                "http://user:pass@host",
            ),
        ),
        secret(
            "basic_authorization",
            r"(?i)authorization[\"']{0,2} ?[:=]\s{0,2}[\"']{0,2}basic (?P<hit>[A-Za-z0-9+/]{8,200}={0,2})",
            260,
            extent=Extent.STEM,
            stems=(
                "authorization:",
                "authorization=",
                'authorization"',
                "authorization'",
                "authorization :",
                "authorization =",
            ),
            check=user_and_password,
            examples=("Authorization: Basic YWRtaW46czNjcjN0cHc=",),
            counter_examples=("Authorization: Basic realm", "Authorization: Basic dGVzdA=="),
        ),
        secret(
            "bearer_token",
            r"(?i)bearer (?P<hit>[A-Za-z0-9._~+/-]{16,500}={0,2})",
            512,
            extent=Extent.STEM,
            stems=("bearer ",),
            check=dense,
            score=0.9,
            examples=("Authorization: Bearer mF9B5f41JqM7kd83hsG2ab",),
            counter_examples=(
                "Bearer YOUR_ACCESS_TOKEN_HERE",
                "the bearer of this letter may enter",
                "Bearer internationalization",
            ),
        ),
        secret(
            "docker_config_auth",
            r"\"auth\": {0,4}\"(?P<hit>[A-Za-z0-9+/]{8,200}={0,2})\"",
            220,
            extent=Extent.STEM,
            stems=('"auth":',),
            check=user_and_password,
            examples=('"auth": "Ym9iOnMzY3IzdHB3"',),
            counter_examples=('"auth": "basic123"',),
        ),
        secret(
            "netrc",
            r"(?i)login \S{1,48}\s{1,4}password (?P<hit>\S{3,64})",
            133,
            extent=Extent.STEM,
            stems=("login ",),
            literals=("password ",),
            check=url_password,
            examples=("machine api.corp.io login bob password q8Zx1rTv", "login bob\n  password q8Zx1rTv"),
            counter_examples=("machine host login bob password password",),
        ),
        secret(
            "azure_connection_key",
            r"(?i)SharedAccessKey=(?P<hit>[A-Za-z0-9+/]{43}=)",
            64,
            literals=("sharedaccesskey=",),
            check=credible(36),
            examples=(glue("SharedAccess", "Key=q7hB2Lw9ZrT4yN8kVf3mXp6sJd1cGa5eUo0iRbWtKxM="),),
            counter_examples=("SharedAccessKey=...",),
        ),
        secret(
            "unix_password_hash",
            r"\$(?:2[abxy]\$\d\d\$[./A-Za-z0-9]{53}|[156y]\$[./A-Za-z0-9$=,]{20,150}|argon2id?\$v=\d{1,3}\$[A-Za-z0-9=,]{8,40}\$[A-Za-z0-9+/]{8,100}\$[A-Za-z0-9+/]{16,120})",
            280,
            literals=("$2a$", "$2b$", "$2x$", "$2y$", "$1$", "$5$", "$6$", "$y$", "$argon2"),
            check=credible(28),
            score=0.8,
            examples=("$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",),
            counter_examples=("$5$ off", "costs $1$2"),
        ),
    )
