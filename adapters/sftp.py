"""A folder on another computer, over SFTP. Needs the extra ``sftp`` (paramiko).

In settings name ``sftp_batch_files`` or ``sftp_court_list`` as the backend.
"""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TypedDict, Unpack

import paramiko

from adapters.batch_files import BatchFiles
from adapters.court_list import CourtList
from adapters.deadline import Deadline
from adapters.folders import OpenFolder, bounded, plain_names
from approval_hook.errors import ConfigurationError, PlatformRefused, PlatformReplyInvalid, PlatformUnavailable

__all__ = ["SftpFolder", "SftpOptions", "sftp_batch_files", "sftp_court_list"]


class SftpOptions(TypedDict, total=False):
    """Options of ``SftpFolder`` that every backend hands through."""

    port: int
    key: str
    password: str
    connect_timeout: float


def sftp_batch_files(
    name: str,
    host: str,
    user: str,
    host_key: str,
    *,
    lists: str = "",
    outgoing: str = "",
    receipts: str = "",
    tables: Mapping[str, str] | None = None,
    **login: Unpack[SftpOptions],
) -> BatchFiles:
    """``BatchFiles`` over folders of one SFTP server; an empty path means none.

    Raises:
        ConfigurationError: an option is malformed.
    """
    folders = [SftpFolder(host, p, user, host_key, **login) if p else None for p in (lists, outgoing, receipts)]
    return BatchFiles(name, lists=folders[0], outgoing=folders[1], receipts=folders[2], tables=tables)


def sftp_court_list(
    name: str,
    host: str,
    path: str,
    user: str,
    host_key: str,
    *,
    unreadable_share: float = 0.02,
    **login: Unpack[SftpOptions],
) -> CourtList:
    """``CourtList`` in a folder of an SFTP server.

    Raises:
        ConfigurationError: an option is malformed.
    """
    return CourtList(name, SftpFolder(host, path, user, host_key, **login), unreadable_share=unreadable_share)


class SftpFolder:
    """A folder on another computer, over SFTP. The other computer proves itself by its key, known beforehand."""

    def __init__(
        self,
        host: str,
        path: str,
        user: str,
        host_key: str,
        *,
        port: int = 22,
        key: str = "",
        password: str = "",
        connect_timeout: float = 10.0,
    ) -> None:
        """Nothing is opened.

        Args:
            host: name or address.
            path: of the folder there.
            user: login name.
            host_key: the other computer's public key as in known_hosts, for example ``ssh-ed25519 AAAA...``.
            port: of its SSH server.
            key: our private key in OpenSSH or PEM form, resolved by the settings; preferred.
            password: in its place.
            connect_timeout: seconds for connecting, at most.

        Raises:
            ConfigurationError: a key cannot be read, or neither key nor password is given.
        """
        self._address = (host, port)
        self._path = path.rstrip("/") or "/"
        self._user = user
        self._host_key = _public_key(host_key, host)
        self._key = _private_key(key, host) if key else None
        self._password = password or None
        self._connect_timeout = connect_timeout
        if bool(key) == bool(password):
            raise ConfigurationError(f"SFTP {host}: give either a private key or a password.")

    @contextmanager
    def open(self, source: str, deadline: Deadline) -> Iterator[OpenFolder]:
        """As ``Folder.open``."""
        if deadline.left == 0:
            raise PlatformUnavailable(f"{source}: no time is left.")
        with paramiko.SSHClient() as client:
            client.set_missing_host_key_policy(paramiko.RejectPolicy())
            host, port = self._address
            known = host if port == 22 else f"[{host}]:{port}"
            client.get_host_keys().add(known, self._host_key.get_name(), self._host_key)
            sftp = self._connected(client, source, deadline)
            # A server that sends byte by byte would outlast every single time-out.
            ends = threading.Timer(deadline.left, client.close)
            ends.daemon = True
            ends.start()
            try:
                yield _Sftp(sftp, self._path, source, deadline)
            finally:
                ends.cancel()

    def _connected(self, client: paramiko.SSHClient, source: str, deadline: Deadline) -> paramiko.SFTPClient:
        failure: PlatformUnavailable | PlatformRefused | PlatformReplyInvalid
        within = min(self._connect_timeout, deadline.left)
        try:
            client.connect(
                self._address[0],
                self._address[1],
                username=self._user,
                pkey=self._key,
                password=self._password,
                timeout=within,
                banner_timeout=within,
                auth_timeout=within,
                channel_timeout=within,
                allow_agent=False,
                look_for_keys=False,
            )
            sftp = client.open_sftp()
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(max(deadline.left, 0.01))
            return sftp
        except paramiko.BadHostKeyException:
            failure = PlatformReplyInvalid(f"{source}: the SFTP server has another key than the one configured.")
        except paramiko.AuthenticationException:
            failure = PlatformRefused(f"{source}: the SFTP server does not accept our login.")
        except (paramiko.SSHException, OSError, EOFError):
            failure = PlatformUnavailable(f"{source}: the SFTP server cannot be reached.")
        raise failure


class _Sftp:
    def __init__(self, sftp: paramiko.SFTPClient, path: str, source: str, deadline: Deadline) -> None:
        self._sftp = sftp
        self._path = path
        self._source = source
        self._deadline = deadline

    def names(self) -> list[str]:
        try:
            found = self._sftp.listdir_attr(self._path)
        except (paramiko.SSHException, OSError, EOFError):
            found = None
        if found is None:
            raise PlatformUnavailable(f"{self._source}: the folder cannot be listed.")
        return plain_names(sorted(a.filename for a in found if stat.S_ISREG(a.st_mode or 0)), self._source)

    def pieces(self, name: str, *, most: int) -> Iterator[bytes]:
        failed = False
        try:
            with self._sftp.open(f"{self._path}/{name}", "rb") as file:
                file.prefetch()
                yield from bounded(file, self._source, self._deadline, most)
        except (paramiko.SSHException, OSError, EOFError):
            failed = True
        if failed:
            raise PlatformUnavailable(f"{self._source}: a file cannot be read.")

    def put(self, name: str, content: bytes) -> bool:
        part = f"{self._path}/.{name}.{os.urandom(8).hex()}.part"
        failed = False
        try:
            with suppress(FileNotFoundError):
                self._sftp.stat(f"{self._path}/{name}")
                return False
            self._sftp.putfo(io.BytesIO(content), part, confirm=True)
            # The plain rename of SFTP never replaces a file.
            self._sftp.rename(part, f"{self._path}/{name}")
        except (paramiko.SSHException, OSError, EOFError):
            failed = True
        if failed:
            with suppress(paramiko.SSHException, OSError, EOFError):
                self._sftp.remove(part)
            raise PlatformUnavailable(f"{self._source}: a file cannot be written.")
        return True


def _public_key(text: str, host: str) -> paramiko.PKey:
    kind, _, rest = text.strip().partition(" ")
    entry = None
    with suppress(paramiko.SSHException, ValueError, IndexError):
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{host} {kind} {rest.split(' ')[0]}")
    if entry is None or entry.key is None:
        raise ConfigurationError(f"SFTP {host}: host_key must look like 'ssh-ed25519 AAAA...'.")
    return entry.key


def _private_key(text: str, host: str) -> paramiko.PKey:
    kinds: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
    for kind in kinds:
        with suppress(paramiko.SSHException, ValueError, IndexError):
            return kind.from_private_key(io.StringIO(text))
    raise ConfigurationError(
        f"SFTP {host}: the private key cannot be read; give it unencrypted, in OpenSSH or PEM form."
    )
