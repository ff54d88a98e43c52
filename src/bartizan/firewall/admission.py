"""Whether a caller may come in at all: known, within its token's reach, its limits, and nobody behind it stopped."""

from __future__ import annotations

from bartizan.core.limits import Limits
from bartizan.core.quota import Granted
from bartizan.firewall.authentication import Caller
from bartizan.firewall.declined import DeclinedError
from bartizan.firewall.headers import ClientHeaders
from bartizan.firewall.in_force import InForce
from bartizan.firewall.recording import Record
from bartizan.firewall.services import Services

_UNLIMITED = Limits()


async def known_caller(services: Services, in_force: InForce, headers: ClientHeaders, record: Record) -> Caller:
    """Who is calling, written into ``record``.

    Raises:
        WireError, DeclinedError: nobody who may use this endpoint.
        KeeperError: nobody remembers proofs of possession.
    """
    caller = await in_force.keyring.authenticate(headers, services.once)
    record.principal, record.on_behalf_of = caller.principal.name, caller.on_behalf_of
    if not caller.may_call(record.route):
        reason = "token: not good for this endpoint"
        raise DeclinedError(403, "This is not allowed.", reason=reason, challenges=_INSUFFICIENT)
    return caller


async def within_limits(services: Services, caller: Caller, tokens: int = 0, cost: float = 0.0) -> Granted:
    """Ask for one request. Whoever of those that the caller acts for is stopped, stops it too. Raises KeeperError."""
    for behind in caller.on_behalf_of:
        stopped = await services.quota.admit(behind, _UNLIMITED)
        if not stopped.allowed:
            return stopped
    return await services.quota.admit(caller.principal.name, caller.limits, tokens, cost)


_INSUFFICIENT = ('Bearer error="insufficient_scope"',)
