"""Keys that never leave their token: ECDSA through PKCS #11, named by URIs of RFC 7512.

The binding is ``python-pkcs11``, of the extra ``pkcs11``; it is loaded when first needed. A URI names native code that
runs in this process (``module-path``), so it comes from whoever gives the command and from no file of a workspace.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.trust.dsse import EllipticKey, digest_for

if TYPE_CHECKING:
    from pkcs11 import Session

SCHEME: Final = "pkcs11:"
_FORM = "pkcs11:token=NAME;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so"
_FOLDERS: Final = ("/usr/lib/softhsm", "/usr/lib/pkcs11", "/usr/lib64/pkcs11", "/usr/lib/*-linux-gnu/pkcs11",
    "/usr/lib/*-linux-gnu/softhsm", "/usr/lib/*-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib/softhsm",
    "/usr/local/lib/pkcs11", "/usr/local/lib", "/opt/homebrew/lib/softhsm", "/opt/homebrew/lib")  # fmt: skip
"""Where ``module-name`` is looked for, in this order: folders that only the machine's administrator writes to."""
_PATH: Final = frozenset({"token", "serial", "object", "id", "type", "manufacturer", "model"})
_NAME: Final = re.compile(r"[A-Za-z0-9_.+-]{1,100}")
_PIN_BYTES: Final = 1_024


class TokenKey:
    """One key of a token, by its URI."""

    def __init__(self, module: str, path: Mapping[str, bytes], pin_file: str = "") -> None:
        self.module, self.pin_file = module, pin_file
        self._path = path

    @classmethod
    def parse(cls, uri: str) -> TokenKey:
        """From ``pkcs11:token=…;object=…?module-path=…``; ``id`` may stand for ``object``, ``serial`` for ``token``,
        and ``module-name`` for ``module-path``: the module's name without ``lib`` and ending, in the usual folders.

        Raises:
            ConfigurationError: it is no such URI, names no module or no key, or holds a PIN.
        """
        named, _, asked = uri.removeprefix(SCHEME).partition("?")
        path, query = _attributes(named, ";"), _attributes(asked, "&")
        if not uri.startswith(SCHEME) or set(path) - _PATH or set(query) - {"module-path", "module-name", "pin-source"}:
            if "pin-value" in query:
                raise ConfigurationError(
                    "the URI holds a PIN, which everybody on this machine could read",
                    "name a file with pin-source=file:/PATH, or a variable with --password-env",
                )
            raise ConfigurationError("this is no PKCS #11 URI that is understood here", _FORM)
        module = os.fsdecode(query.get("module-path", b"")) or _located(os.fsdecode(query.get("module-name", b"")))
        if not module.startswith("/") or not ({"object", "id"} & set(path)):
            raise ConfigurationError("the PKCS #11 URI names no module by its whole path, or no key", _FORM)
        source = os.fsdecode(query.get("pin-source", b""))
        return cls(module, path, source.removeprefix("file:").replace("//", "/"))

    @property
    def token(self) -> dict[str, Any]:
        """What the token must be, as the binding asks for it."""
        label, serial = self._path.get("token"), self._path.get("serial")
        return ({"token_label": _text(label)} if label else {}) | ({"token_serial": serial} if serial else {})

    @property
    def key(self) -> dict[str, Any]:
        """What the key must be."""
        label, number = self._path.get("object"), self._path.get("id")
        return ({"label": _text(label)} if label else {}) | ({"id": number} if number else {})


class TokenSigner:
    """A private key on a NIST curve in a token. Each use logs in and out again.

    Args:
        named: the key.
        pin: of the token's user; empty: what the URI's ``pin-source`` holds.

    Raises:
        ConfigurationError: no binding, no such module, token or key, another PIN, or a key of another kind.
    """

    chain: tuple[bytes, ...] = ()

    def __init__(self, named: TokenKey, pin: str = "") -> None:
        try:
            import pkcs11
            from pkcs11.exceptions import PKCS11Error
            from pkcs11.types import PublicKey
            from pkcs11.util.ec import encode_ec_public_key
        except ModuleNotFoundError:
            raise ConfigurationError(
                "keys in tokens need python-pkcs11", "install the extra: pip install 'bartizan[pkcs11]'"
            ) from None
        self._named, self._pin = named, pin
        self._failed: type[Exception] = PKCS11Error
        try:
            self._library = pkcs11.lib(named.module)
            with self._session() as session:
                public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, **self._key)
                session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, **self._key)  # not there without a PIN
                assert isinstance(public, PublicKey)
                self._half = load_der_public_key(encode_ec_public_key(public))
        except (PKCS11Error, RuntimeError, ValueError, TypeError, UnsupportedAlgorithm) as problem:
            raise _unusable(problem) from None
        self.public = EllipticKey(self._half)

    @property
    def _key(self) -> dict[str, Any]:
        import pkcs11

        return {"key_type": pkcs11.KeyType.EC, **self._named.key}

    def _session(self) -> Session:
        pin = self._pin or _pin(self._named.pin_file)
        return self._library.get_token(**self._named.token).open(user_pin=pin or None)

    def sign(self, kind: str, payload: bytes) -> bytes:
        """The signature in DER. Raises ConfigurationError: the token does not sign."""
        import pkcs11
        from pkcs11.types import SignMixin

        assert isinstance(self._half, ec.EllipticCurvePublicKey)
        try:
            with self._session() as session:
                private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, **self._key)
                assert isinstance(private, SignMixin)
                raw = private.sign(digest_for(self._half, kind, payload), mechanism=pkcs11.Mechanism.ECDSA)
        except self._failed as problem:
            raise _unusable(problem) from None
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


def _unusable(problem: Exception) -> ConfigurationError:
    said = f"{type(problem).__name__} {problem}".strip()
    return ConfigurationError(f"the token's key cannot be used: {printable(said, 200)}", _FORM)


def _located(name: str) -> str:
    """The module of that name, as RFC 7512 gives it; empty without a name."""
    if not name:
        return ""
    if not _NAME.fullmatch(name):
        raise ConfigurationError("the PKCS #11 URI's module-name is no plain name", _FORM)
    for folder in _FOLDERS:
        for stem in (f"lib{name}", name):
            for ending in (".so", ".dylib"):
                found = next(iter(sorted(glob.glob(f"{folder}/{stem}{ending}"))), "")  # noqa: PTH207 - absolute patterns
                if found:
                    return found
    raise ConfigurationError(
        f"there is no PKCS #11 module {name} in the usual folders", "name its file: module-path=/…"
    )


def _attributes(text: str, between: str) -> dict[str, bytes]:
    out: dict[str, bytes] = {}
    for one in text.split(between) if text else ():
        name, _, value = one.partition("=")
        if name in out:
            raise ConfigurationError(f"the PKCS #11 URI says {printable(name, 40)} twice", _FORM)
        out[name] = unquote_to_bytes(value)
    return out


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ConfigurationError("the PKCS #11 URI names something that is no UTF-8 text", _FORM) from None


def _pin(file: str) -> str:
    if not file:
        return ""
    try:
        with Path(file).open("rb") as opened:
            return opened.read(_PIN_BYTES).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"the PIN in {printable(file, 200)} cannot be read") from None
