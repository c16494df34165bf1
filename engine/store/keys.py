"""The key folder: one small file a key, kept apart from the log and its backups.

A key is on disk, and its folder entry too, before anybody gets to use it. Destroying a key makes what lies under it
unreadable for ever, everywhere; an empty file of its name stays, so that it is never made again, by nobody who was
just about to, and that what was erased can be told from what was lost. This module knows no payloads: `vault` uses
the keys.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from pathlib import Path
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import IntegrityFault, KeyMissing, SettingsError, StoreError

Kind = Literal["person", "subject", "seal", "workspace"]
KEY: Final = ".key"
"""What the file of a key ends with."""
_NONCE = 12
_SIZE = 32
_KEY_ID = re.compile(r"[\w-][\w.-]*")


class KeyFolder:
    """Keys by kind and id: `person`, `subject` for personal texts, `seal` for sealed answers, `workspace` else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._on_disk: set[Path] = set()  # folders whose own entries were synced
        self._known: dict[tuple[str, str], AESGCM] = {}
        self._workspace: dict[str, bytes] = {}  # every command needs these; keys of people are looked up each time
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"the key folder cannot be made: {error.strerror}", hint="Check who owns it.", where=str(folder)
            ) from error

    def _path(self, kind: Kind, key_id: str) -> Path:
        if not _KEY_ID.fullmatch(key_id):
            raise ValueError(f"not a key id: {key_id!r}")
        return self.folder / kind / key_id[:2] / f"{key_id}{KEY}"

    def raw(self, kind: Kind, key_id: str) -> bytes | None:
        """The key itself; None if there is none (never made, lost, or destroyed: also where a copy was put back)."""
        path = self._path(kind, key_id)
        try:
            found = path.read_bytes()
            return None if self.is_destroyed(kind, key_id) else found
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"a key cannot be read: {error.strerror}", hint="Check who owns the key folder.", where=str(path)
            ) from error

    def is_destroyed(self, kind: Kind, key_id: str) -> bool:
        """Whether there was a key that was destroyed on purpose."""
        return _stone(self._path(kind, key_id)).exists()

    def is_there(self, kind: Kind, key_id: str) -> bool:
        """Whether the file of a key is there, destroyed or not."""
        return self._path(kind, key_id).exists()

    def ensure(self, kind: Kind, key_id: str) -> bytes:
        """The key, made now if there is none. It is on disk when this returns.

        Raises `KeyMissing` for one that was destroyed, and `StoreError` where it cannot be written.
        """
        kept = self._workspace.get(key_id) if kind == "workspace" else None
        found = kept or self.raw(kind, key_id)
        if found is None:
            try:
                found = self._create(kind, key_id)
            except OSError as error:
                raise StoreError(
                    f"nothing was stored: a key could not be written: {error.strerror}",
                    hint="Is the disk full, or the key folder somebody else's?",
                    where=str(self.folder),
                ) from error
        if kind == "workspace":
            self._workspace[key_id] = found
        return found

    def _create(self, kind: Kind, key_id: str) -> bytes:
        path = self._path(kind, key_id)
        self._not_destroyed(kind, key_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_bytes(_SIZE)
        draft = path.with_name(f".{key_id}.{secrets.token_hex(4)}")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # fails where another process was first: its key holds
        except FileExistsError:
            key = path.read_bytes()
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
        for folder in (path.parent, path.parent.parent):
            if folder not in self._on_disk:
                _sync_folder(folder.parent)
                self._on_disk.add(folder)
        if self.is_destroyed(kind, key_id):  # in the same moment
            self.destroy(kind, key_id)
            self._not_destroyed(kind, key_id)
        return key

    def _not_destroyed(self, kind: Kind, key_id: str) -> None:
        if self.is_destroyed(kind, key_id):
            raise KeyMissing(
                "the key that this would lie under was destroyed: what is known of that person was erased",
                hint="Nothing more is kept about them under that name; take the person up anew if they come back.",
            )

    def mark(self) -> str | None:
        """What tells these keys from another workspace's, and nothing about them; None where none was needed yet."""
        key = self.raw("workspace", "people")
        return None if key is None else hmac.digest(key, b"which workspace", "sha256").hex()[:16]

    def destroy(self, kind: Kind, key_id: str) -> bool:
        """Overwrite and remove a key, and see to it that it is never made again; whether there was one."""
        path = self._path(kind, key_id)
        self._known.pop((kind, key_id), None)
        self._workspace.pop(key_id, None)
        try:
            return _destroyed(path)
        except OSError as error:
            raise StoreError(
                f"a key could not be destroyed: {error.strerror}",
                hint="Make room on the disk, or check who owns the key folder, and do it again.",
                where=str(path),
            ) from error

    def encrypt(self, kind: Kind, key_id: str, text: bytes) -> bytes:
        """The text under the key (AES-256-GCM, the key's id as associated data): nonce, then ciphertext."""
        cipher = self._known.get((kind, key_id))
        if cipher is not None:
            self._not_destroyed(kind, key_id)  # by another program, meanwhile
        else:
            cipher = self._known[kind, key_id] = AESGCM(self.ensure(kind, key_id))
        nonce = secrets.token_bytes(_NONCE)
        return nonce + cipher.encrypt(nonce, text, key_id.encode())

    def decrypt(self, kind: Kind, key_id: str, sealed: bytes) -> bytes | None:
        """The text again; None where the key is gone."""
        raw = self.raw(kind, key_id)
        return None if raw is None else open_with(raw, key_id, sealed)


def open_with(key: bytes, key_id: str, sealed: bytes) -> bytes:
    """Decrypt with a key at hand; raise `IntegrityFault` where key and text do not belong together."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], key_id.encode())
    except (InvalidTag, ValueError):
        raise IntegrityFault(
            f"what lies under the key {key_id} was changed, or the key is another",
            hint="Run `samskap verify`; restore keys and log from backups of the same time.",
        ) from None


def _destroyed(path: Path) -> bool:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _stone(path).open("wb") as stone:
        os.fsync(stone.fileno())
    _sync_folder(path.parent)
    try:
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(_SIZE))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return False
    _sync_folder(path.parent)
    return True


def _stone(path: Path) -> Path:
    """What stands where a key was destroyed."""
    return path.with_suffix(".gone")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
