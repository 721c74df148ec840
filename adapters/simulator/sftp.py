"""The simulated platform's SFTP server on this computer: one folder, one login, no shell. Needs the extra ``sftp``."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path
from typing import Any

import paramiko
from paramiko import common

__all__ = ["SftpServer"]


class SftpServer:
    """Serves ``root`` to whoever has the key or the password.

    Attributes:
        port: on 127.0.0.1.
        host_key: as in known_hosts.
        stalled: while set, requests wait.
    """

    def __init__(self, root: Path, *, user: str = "approval-hook", client_key: str = "", password: str = "") -> None:
        """Bind a free port; nothing is served before ``start``.

        Args:
            root: the folder that a login sees as ``/``.
            user: the one login.
            client_key: public key that may log in, as in known_hosts; empty for none.
            password: that may log in; empty for none.
        """
        self.root = root.resolve()
        self.user = user
        self.client_key = client_key
        self.password = password
        self._key = paramiko.ECDSAKey.generate()
        self.host_key = f"{self._key.get_name()} {self._key.get_base64()}"
        self.stalled = threading.Event()
        self._closing = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._accept, daemon=True, name="sftp-simulator")

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def cut(self) -> None:
        """Close every connection, as a failing network would."""
        for transport in self._transports:
            transport.close()
        self._transports.clear()

    def close(self) -> None:
        """Cut and free the port."""
        self._closing.set()
        self.stalled.clear()
        self.cut()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def __enter__(self) -> SftpServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_while_stalled(self) -> None:
        """Hold a request back."""
        while self.stalled.is_set() and not self._closing.wait(0.02):
            pass

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(line)
            transport.add_server_key(self._key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self)
            self._transports.append(transport)
            with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
                transport.start_server(server=_Login(self), event=threading.Event())


class _Login(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return common.OPEN_SUCCEEDED if kind == "session" else common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        given = f"{key.get_name()} {key.get_base64()}"
        known = username == self._server.user and given == self._server.client_key
        return common.AUTH_SUCCESSFUL if known else common.AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        known = username == self._server.user and bool(password) and password == self._server.password
        return common.AUTH_SUCCESSFUL if known else common.AUTH_FAILED


class _Handle(paramiko.SFTPHandle):
    def stat(self) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))  # type: ignore[attr-defined] # set by open


class _Folder(paramiko.SFTPServerInterface):
    def __init__(self, login: paramiko.ServerInterface, server: SftpServer, *args: Any, **kwargs: Any) -> None:
        super().__init__(login, *args, **kwargs)
        self._server = server

    def _real(self, path: str) -> Path:
        # canonicalize() leaves no way above the root.
        return self._server.root / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        self._server.wait_while_stalled()
        try:
            return [
                paramiko.SFTPAttributes.from_stat(entry.stat(follow_symlinks=False), entry.name)
                for entry in os.scandir(self._real(path))
            ]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        self._server.wait_while_stalled()
        try:
            number = os.open(self._real(path), flags, 0o600)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
        file = os.fdopen(number, "wb" if writes else "rb")
        handle = _Handle(flags)
        handle.filename = str(self._real(path))  # type: ignore[attr-defined] # read by the base class
        handle.readfile = handle.writefile = file  # type: ignore[attr-defined] # read by the base class
        return handle

    def rename(self, oldpath: str, newpath: str) -> int:
        try:
            os.link(self._real(oldpath), self._real(newpath))
            self._real(oldpath).unlink()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return paramiko.sftp.SFTP_OK

    def remove(self, path: str) -> int:
        try:
            self._real(path).unlink()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return paramiko.sftp.SFTP_OK
