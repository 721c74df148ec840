"""The HTTP client against hand-made servers on this computer."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.http import Deadline, HttpClient
from approval_hook.errors import ConfigurationError, PlatformRefused, PlatformReplyInvalid, PlatformUnavailable

JSON = "Content-Type: application/json\r\n"
Script = Callable[[socket.socket], None]


@contextlib.contextmanager
def server(script: Script, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that runs ``script`` on every connection; yields its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def work(line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            if context is None:
                script(line)
                return
            with context.wrap_socket(line, server_side=True) as secured:
                script(secured)

    def accept() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                line, _ = listener.accept()
                threading.Thread(target=work, args=(line,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    scheme = "https" if context else "http"
    yield (
        f"{scheme}://localhost:{listener.getsockname()[1]}"
        if context
        else f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    )
    over.set()
    listener.close()


def request_of(line: socket.socket) -> bytes:
    """Read one request with its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += line.recv(65536)
    return data


def answering(reply: str | bytes) -> Script:
    """A server that gives one fixed reply to every request and closes."""

    def script(line: socket.socket) -> None:
        request_of(line)
        line.sendall(reply.encode() if isinstance(reply, str) else reply)

    return script


def complete(body: str, *, status: str = "200 OK", extra: str = "", form: str = JSON) -> str:
    """A whole reply."""
    return f"HTTP/1.1 {status}\r\n{form}{extra}Content-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n{body}"


def post(url: str, *, seconds: float = 2.0, idempotent: bool = True, **options: object) -> bytes:
    """Ask once with a fresh client."""
    client = HttpClient("province", url, **options)  # type: ignore[arg-type] # test options
    try:
        return client.post("q", lambda: (b"{}", {}), deadline=Deadline(seconds), idempotent=idempotent)
    finally:
        client.close()


def test_a_complete_reply_is_returned() -> None:
    """The body comes back byte for byte."""
    with server(answering(complete('{"a": "示例"}'))) as url:
        assert post(url) == '{"a": "示例"}'.encode()


def test_a_chunked_reply_is_returned() -> None:
    """A reply in chunks is put together."""
    with server(answering(f"HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n")) as url:
        assert post(url) == b"{}"


@pytest.mark.parametrize(
    "reply",
    [
        f"HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n",  # the last chunk is missing
        f"HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n9\r\n{{}}",
        f"HTTP/1.1 200 OK\r\n{JSON}Content-Length: 9\r\n\r\n{{}}",
        "nonsense\r\n\r\n",
        "",
        complete("{}", status="500 Oops"),
        complete("{}", status="503 Busy"),
        complete("{}", status="429 Slow down"),
        complete("{}", status="408 Late"),
    ],
)
def test_what_may_succeed_later_is_unavailable(reply: str) -> None:
    """A cut, a crash and a server that is busy may be tried again."""
    with server(answering(reply)) as url, pytest.raises(PlatformUnavailable):
        post(url, attempts=1)


@pytest.mark.parametrize("status", ["400 Bad", "401 Who", "403 No", "404 Where"])
def test_refusals_are_told_apart_and_not_repeated(status: str) -> None:
    """A refusal is for an operator, so it is not tried again."""
    tries: list[bytes] = []

    def script(line: socket.socket) -> None:
        tries.append(request_of(line))
        line.sendall(complete("{}", status=status).encode())

    with server(script) as url, pytest.raises(PlatformRefused):
        post(url)
    assert len(tries) == 1


@pytest.mark.parametrize(
    "reply",
    [
        complete("{}", form="Content-Type: text/html\r\n"),
        complete("{}", form=""),
        complete("{}", form="Content-Type: application/json; charset=gbk\r\n"),
        complete("{}", form="Content-Type: application/jsonp\r\n"),
        complete("{}", extra="Content-Encoding: gzip\r\n"),
        "HTTP/1.1 200",
        complete("", status="204 Nothing"),
        complete("{}", status="206 Partial Content"),
        complete("", status="302 Found", extra="Location: /login\r\n"),
        complete("x" * 5001),
    ],
)
def test_what_cannot_be_trusted_is_invalid(reply: str) -> None:
    """Another form, an encoding nobody asked for, a redirect or too long a body is no answer."""
    with server(answering(reply)) as url, pytest.raises(PlatformReplyInvalid):
        post(url, max_bytes=5000)


def test_a_redirect_is_not_followed() -> None:
    """Whoever answers may not send the query on to another server."""
    reached: list[bytes] = []
    with server(lambda line: reached.append(request_of(line))) as other:
        moved = complete("", status="307 Moved", extra=f"Location: {other}/q\r\n")
        with server(answering(moved)) as url, pytest.raises(PlatformReplyInvalid):
            post(url)
    assert reached == []


def drip(text: str, pause: float = 0.1) -> Script:
    """A server that sends one byte now and then."""

    def script(line: socket.socket) -> None:
        request_of(line)
        for byte in text.encode():
            line.sendall(bytes([byte]))
            time.sleep(pause)

    return script


def silent(line: socket.socket) -> None:
    """A server that reads and never answers."""
    while line.recv(65536):
        pass


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(drip(complete("{}")), id="headers that drip"),
        pytest.param(
            lambda line: (line.sendall(complete(" " * 99)[:90].encode()), drip(" " * 99)(line)), id="a body that drips"
        ),
        pytest.param(
            lambda line: (line.sendall(f"HTTP/1.1 200 OK\r\n{JSON}\r\n{{}}".encode()), drip(" " * 99)(line)),
            id="a body without length that drips",
        ),
        pytest.param(silent, id="silence"),
    ],
)
def test_no_drip_beats_the_deadline(script: Script) -> None:
    """The deadline holds for the whole exchange, not for each receive."""
    started = time.monotonic()
    with server(script) as url, pytest.raises(PlatformUnavailable, match="in time"):
        post(url, seconds=0.5)
    assert 0.4 < time.monotonic() - started < 0.8


def test_a_near_deadline_is_kept_behind_a_far_one() -> None:
    """Calls share one watchdog; one that waits for a far deadline still cuts the line of a nearer one in time."""
    with server(answering(complete("{}"))) as prompt, server(silent) as url:
        post(prompt, seconds=60.0)
        started = time.monotonic()
        with pytest.raises(PlatformUnavailable):
            post(url, seconds=0.3)
        assert time.monotonic() - started < 0.8


_FORKED = """
import os, sys, time
from adapters.http import Deadline, HttpClient
from approval_hook.errors import PlatformUnavailable
prompt, drip = sys.argv[1:]
def post(url, seconds):
    HttpClient("test", url).post("q", lambda: (b"{}", {}), deadline=Deadline(seconds), idempotent=True)
post(prompt, 60.0)
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
started = time.monotonic()
try:
    post(drip, 0.3)
except PlatformUnavailable:
    os._exit(int(time.monotonic() - started > 0.8))
os._exit(2)
"""


def test_a_forked_process_keeps_its_deadlines() -> None:
    """A server that forks its workers after a call leaves none of them without a watchdog."""
    with server(answering(complete("{}"))) as prompt, server(drip(complete("{}"))) as url:
        done = subprocess.run([sys.executable, "-c", _FORKED, prompt, url], timeout=30, check=False)
    assert done.returncode == 0


def test_a_port_that_nobody_listens_on_is_unavailable() -> None:
    """A refused connection is an outage."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(PlatformUnavailable):
        post(f"http://127.0.0.1:{port}", attempts=1)


def test_only_idempotent_calls_are_repeated() -> None:
    """A call that must not happen twice is tried once; a query is tried three times."""
    tries: list[int] = []

    def script(line: socket.socket) -> None:
        request_of(line)
        tries.append(1)

    with server(script) as url:
        with pytest.raises(PlatformUnavailable):
            post(url, idempotent=False)
        assert len(tries) == 1
        with pytest.raises(PlatformUnavailable):
            post(url)
        assert len(tries) == 4


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("9" * 5000, 604800, 604800),
        ("Mon, 23 Nov 9999 00:00:00 GMT", 604800, 604800),
        (timedelta(seconds=3600), 3500, 3601),
        (timedelta(seconds=-3600), 0, 0),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | timedelta, least: float, most: float) -> None:
    """The platform's wish comes with the error, from seconds or a date."""
    if isinstance(header, timedelta):
        header = format_datetime(datetime.now(UTC) + header, usegmt=True)
    busy = complete("{}", status="429 Slow", extra=f"Retry-After: {header}\r\n")
    with server(answering(busy)) as url, pytest.raises(PlatformUnavailable) as caught:
        post(url, attempts=1)
    assert caught.value.retry_after is not None
    assert least <= caught.value.retry_after <= most


def test_an_unreadable_retry_after_is_none() -> None:
    """What cannot be read is not guessed."""
    with (
        server(answering(complete("{}", status="503 Busy", extra="Retry-After: soon\r\n"))) as url,
        pytest.raises(PlatformUnavailable) as caught,
    ):
        post(url, attempts=1)
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1.evil.test/q",
        "https://127.0.0.1:9/q",
        "http://127.0.0.1:10/q",
        "//evil.test/q",
        "http://x@127.0.0.1:9/",
    ],
)
def test_only_the_configured_origin_is_asked(path: str) -> None:
    """Scheme, host and port are compared as a whole."""
    client = HttpClient("province", "http://127.0.0.1:9")
    with pytest.raises(ConfigurationError):
        client.post(path, lambda: (b"{}", {}), deadline=Deadline(1), idempotent=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://credit.example.gov",
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "https://u:p@127.0.0.1",
        "https://x/?a=1",
        "https://[",
        "",
    ],
)
def test_a_bad_base_url_is_a_configuration_error(url: str) -> None:
    """Plain HTTP to another computer, credentials in the URL and nonsense are refused at start-up."""
    with pytest.raises(ConfigurationError):
        HttpClient("province", url)


def test_the_environment_cannot_redirect_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies of the environment are not used."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with server(answering(complete("{}"))) as url:
        assert post(url, attempts=1) == b"{}"


def test_a_full_pool_gives_up_at_the_deadline() -> None:
    """A caller that finds every connection busy waits no longer than its own deadline."""
    with server(silent) as url:
        client = HttpClient("province", url, connections=1)

        def first() -> None:
            with contextlib.suppress(PlatformUnavailable):
                client.post("q", lambda: (b"{}", {}), deadline=Deadline(1.5), idempotent=False)

        holder = threading.Thread(target=first)
        holder.start()
        time.sleep(0.2)
        started = time.monotonic()
        with pytest.raises(PlatformUnavailable, match="busy"):
            client.post("q", lambda: (b"{}", {}), deadline=Deadline(0.3), idempotent=False)
        assert time.monotonic() - started < 0.6
        holder.join()
        client.close()


def test_a_connection_is_used_again() -> None:
    """Two calls in a row share one connection, and the second keeps its own deadline."""
    opened: list[int] = []

    def script(line: socket.socket) -> None:
        opened.append(1)
        request_of(line)
        line.sendall(complete("{}").replace("Connection: close\r\n", "").encode())
        request_of(line)
        time.sleep(2)

    with server(script) as url:
        client = HttpClient("province", url, attempts=1)
        assert client.post("q", lambda: (b"{}", {}), deadline=Deadline(0.2), idempotent=True) == b"{}"
        started = time.monotonic()
        with pytest.raises(PlatformUnavailable):
            client.post("q", lambda: (b"{}", {}), deadline=Deadline(0.6), idempotent=True)
        assert 0.5 < time.monotonic() - started < 0.9
        client.close()
    assert opened == [1]


def test_one_line_is_logged_per_call() -> None:
    """The line says source, status, outcome, time and tries, and nothing about the query."""
    broken = server(answering(complete("{}", status="500 Oops")))
    with broken as url, structlog.testing.capture_logs() as events, pytest.raises(PlatformUnavailable):
        post(url + "/base")
    (event,) = events
    assert event.pop("ms") >= 0
    assert event == {
        "event": "platform call",
        "log_level": "info",
        "source": "province",
        "status": 500,
        "outcome": "unavailable",
        "attempts": 3,
    }


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server certificate for localhost that nobody trusts by default, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


def test_a_certificate_is_checked(certificate: tuple[ssl.SSLContext, Path]) -> None:
    """A certificate nobody vouches for is refused at once; one that is named is accepted."""
    context, public = certificate
    with server(answering(complete("{}")), context) as url:
        with pytest.raises(PlatformReplyInvalid, match="certificate"):
            post(url)
        assert post(url, ca_file=str(public)) == b"{}"


def test_the_end_of_a_certificate_is_told(certificate: tuple[ssl.SSLContext, Path]) -> None:
    """To the second for one that is trusted; one that is not trusted is an error, and without TLS there is none."""
    context, public = certificate
    ends = x509.load_pem_x509_certificate(public.read_bytes()).not_valid_after_utc
    with server(answering(complete("{}")), context) as url:
        trusting = HttpClient("test", url, ca_file=str(public))
        assert trusting.certificate_until(Deadline(2.0)) == ends
        with pytest.raises(PlatformReplyInvalid, match="certificate"):
            HttpClient("test", url).certificate_until(Deadline(2.0))
    with pytest.raises(PlatformUnavailable):
        HttpClient("test", "https://127.0.0.1:9").certificate_until(Deadline(2.0))
    assert HttpClient("test", "http://127.0.0.1:9").certificate_until(Deadline(2.0)) is None


def test_no_drip_beats_the_deadline_over_tls(certificate: tuple[ssl.SSLContext, Path]) -> None:
    """The line is cut at the deadline under TLS as well."""
    context, public = certificate
    started = time.monotonic()
    with server(drip(complete("{}")), context) as url, pytest.raises(PlatformUnavailable):
        post(url, seconds=0.5, ca_file=str(public))
    assert time.monotonic() - started < 0.8


def test_a_silent_handshake_ends_at_the_deadline() -> None:
    """A server that never answers the handshake costs the deadline and no more."""
    started = time.monotonic()
    with server(silent) as url, pytest.raises(PlatformUnavailable):
        post(url.replace("http://", "https://"), seconds=0.5)
    assert time.monotonic() - started < 0.8
