from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import certify
from shipping import running, shipper, syslog, until, write
from syslog_receiver import MESSAGE, Receiver

from bartizan.telemetry.sinks.interface import Item
from bartizan.telemetry.sinks.syslog import Syslog, message
from bartizan.workspace.sinks import Delivery, SyslogSink


@given(st.text(max_size=60), st.text(max_size=300), st.text(max_size=60), st.sampled_from(["block", "allow", ""]))
def test_every_message_is_one_of_rfc_5424(kind: str, host: str, text: str, action: str) -> None:
    body = text.encode("utf-8", "replace")
    frame = message(Item("e", kind, datetime(2026, 1, 2, tzinfo=UTC), action, [], b""), body, 23, host)
    length, _, rest = frame.partition(b" ")
    assert int(length) == len(rest)
    found = MESSAGE.fullmatch(rest)
    assert found is not None
    assert found["time"] == b"2026-01-02T00:00:00.000000Z"
    assert (found["text"] or b"") == body


@pytest.mark.parametrize("output", ["ocsf", "cef", "leef"])
def test_records_arrive_in_each_format(tmp_path: Path, output: str) -> None:
    write(tmp_path / "journal", 30)
    with Receiver() as receiver:

        async def run() -> None:
            async with running(shipper(tmp_path, syslog(receiver.port), output=output)):
                await until(lambda: len(receiver.messages) >= (60 if output == "ocsf" else 30))

        asyncio.run(run())
    assert not receiver.faults
    assert {each.pri for each in receiver.messages} == {13 * 8 + 5}
    assert {each.kind for each in receiver.messages} == {"request.accepted"}
    start = {"ocsf": b"{", "cef": b"CEF:0|Bartizan|", "leef": b"LEEF:2.0|Bartizan|"}[output]
    assert all(each.text.startswith(start) for each in receiver.messages)


def test_tls_checks_the_receiver(tmp_path: Path) -> None:
    certify(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    names = write(tmp_path / "journal", 300)
    with Receiver(server) as receiver:
        settings = SyslogSink(name="s", host="127.0.0.1", port=receiver.port)

        async def run(trusted: bool) -> None:
            context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem") if trusted else None)
            one = shipper(tmp_path, Syslog(settings, context, 2.0))
            async with running(one):
                if trusted:
                    await until(lambda: len(receiver.messages) == 300)
                else:
                    await until(lambda: "certificate is not accepted" in one.state.error)

        asyncio.run(run(False))
        assert not receiver.messages
        asyncio.run(run(True))
    assert [json.loads(each.text)["request"] for each in receiver.messages] == names
    assert not receiver.faults


@pytest.mark.parametrize("silent", [False, True])
def test_a_port_of_plain_tcp_is_named_as_the_cause(tmp_path: Path, silent: bool) -> None:
    write(tmp_path / "journal", 3)

    async def run(port: int) -> None:
        settings = SyslogSink(name="s", host="127.0.0.1", port=port)
        one = shipper(tmp_path, Syslog(settings, ssl.create_default_context(), 1.0))
        async with running(one):
            await until(lambda: "does this port speak TLS?" in one.state.error)

    if silent:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            asyncio.run(run(listener.getsockname()[1]))
    else:
        with Receiver() as receiver:
            asyncio.run(run(receiver.port))
        assert not receiver.messages


def test_what_a_broken_connection_may_have_lost_is_sent_again(tmp_path: Path) -> None:
    """The receiver breaks off with bytes unread that its kernel had acknowledged."""
    names = write(tmp_path / "journal", 60)
    with Receiver(break_after=9_000) as receiver:

        async def run() -> None:
            async with running(shipper(tmp_path, syslog(receiver.port))):
                await until(lambda: {json.loads(each.text)["request"] for each in receiver.messages} == set(names))

        asyncio.run(run())
    assert receiver.connections >= 2


def test_a_receiver_that_restarts_gets_the_rest(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 20)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    one = shipper(tmp_path, syslog(port))

    async def run() -> None:
        async with running(one):
            await until(lambda: "refused" in one.state.error)
            with Receiver(port=port) as receiver:
                await until(lambda: len(receiver.messages) == 20 and not one.state.error)
                assert [json.loads(each.text)["request"] for each in receiver.messages] == names

    asyncio.run(run())


def test_a_receiver_that_does_not_read_holds_up_nobody_and_stopping_takes_no_time(tmp_path: Path) -> None:
    write(tmp_path / "journal", 20_000 // 2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)

        async def run() -> float:
            one = shipper(tmp_path, syslog(listener.getsockname()[1], seconds=60))
            async with running(one):
                held, _ = await asyncio.to_thread(listener.accept)
                await asyncio.sleep(0.3)
                start = asyncio.get_running_loop().time()
            held.close()
            return asyncio.get_running_loop().time() - start

        assert asyncio.run(run()) < 1.0


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_rsyslog_takes_it(tmp_path: Path, tls: bool) -> None:
    rsyslogd = shutil.which("rsyslogd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if rsyslogd is None:
        pytest.skip("rsyslogd is not installed")
    if tls and not any(Path("/usr/lib").glob("*/rsyslog/lmnsd_ossl.so")):
        pytest.skip("rsyslog's driver for TLS (rsyslog-openssl) is not installed")
    certify(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    driver = 'StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"'
    (tmp_path / "rsyslog.conf").write_text(
        f"""global(workDirectory="{tmp_path}" maxMessageSize="64k" defaultNetstreamDriverCAFile="{tmp_path}/cert.pem"
  defaultNetstreamDriverCertFile="{tmp_path}/cert.pem" defaultNetstreamDriverKeyFile="{tmp_path}/key.pem")
module(load="imtcp" {driver if tls else ""})
input(type="imtcp" address="127.0.0.1" port="{port}")
template(name="t" type="string" string="%protocol-version% %pri% %app-name% %msgid% %msg%\\n")
*.* action(type="omfile" file="{tmp_path}/out" template="t")
"""
    )
    modules = os.environ.get("RSYSLOG_MODDIR")
    words = [rsyslogd, "-n", "-f", str(tmp_path / "rsyslog.conf"), "-i", str(tmp_path / "pid")]
    process = subprocess.Popen([*words, *(["-M", modules] if modules else [])])
    names = write(tmp_path / "journal", 500)
    out = tmp_path / "out"

    async def run() -> None:
        settings = SyslogSink(name="s", host="127.0.0.1", port=port, tls=tls)
        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem")) if tls else None
        async with running(shipper(tmp_path, Syslog(settings, context, 10.0))):
            await until(lambda: out.exists() and out.read_bytes().count(b"\n") >= 500)

    try:
        asyncio.run(run())
    finally:
        process.terminate()
        process.wait(10)
    lines = [line for line in out.read_text().splitlines() if " bartizan " in line]
    assert all(line.startswith("1 109 bartizan request.accepted {") for line in lines)
    assert [json.loads(line.split(" ", 4)[4])["request"] for line in lines] == names


def test_receivers_that_hang_do_not_hold_up_others(tmp_path: Path) -> None:
    """Twenty of them: more than the threads that a process has for everybody."""
    names = write(tmp_path / "journal", 3_000)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent, Receiver() as receiver:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow = Delivery(batch_bytes=2_000_000, batch_records=3_000)

        async def run() -> None:
            async with contextlib.AsyncExitStack() as stack:
                for number in range(20):
                    hanging = shipper(tmp_path, syslog(silent.getsockname()[1], 60), slow, folder=f"slow{number}")
                    await stack.enter_async_context(running(hanging))
                await asyncio.sleep(0.5)
                await stack.enter_async_context(running(shipper(tmp_path, syslog(receiver.port))))
                await until(lambda: len(receiver.messages) >= len(names))

        asyncio.run(run())
