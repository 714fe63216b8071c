"""The file of a SQLite tenant: one place, under one name, as long as it is open."""

from __future__ import annotations

import os
from pathlib import Path

from confid.errors import StoreError, demand
from confid.store.sqlite.errors import absent

Identity = tuple[int, int]
"""(device, inode): the same file as long as it is there, whatever is done to its name."""


class TenantFile:
    """A path, made absolute at once: the working directory may change afterwards."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        demand("path", path, str | os.PathLike, "a path as text")
        try:
            self.path: Path = Path(path).absolute()
        except FileNotFoundError as error:
            raise StoreError(
                f"{path} is relative, and the working directory is gone.", category="OpenError"
            ) from error
        # What takes a path takes a text faster.
        self._name = str(self.path)

    def make(self, *, create: bool) -> None:
        """Make an empty file where there is none; `create=False` refuses that.

        Raises `StoreError` for a path that can't hold a tenant.
        """
        path = self.path
        try:
            possible = b"\0" not in os.fsencode(path)
        except UnicodeEncodeError:
            possible = False
        if not possible:
            raise StoreError(
                f"{str(path)!a} can't be the name of a file.", category="InvalidArgument"
            )
        if os.path.isdir(path):  # noqa: PTH112 - False, not an error, for a name that can't be
            raise StoreError(
                f"{path} is a folder; a tenant is a file in it.", category="InvalidArgument"
            )
        if not create:
            if not os.path.exists(path):  # noqa: PTH110 - False for a name that can't be
                raise absent(path)
            return
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise StoreError(
                f"{path} can't be created: {error.strerror}.", category="OpenError"
            ) from error

    def identity(self) -> Identity | None:
        """Which file that is now; None where the system can't say.

        Raises `StoreError` when it is gone, or has a second name.
        """
        try:
            facts = os.stat(self._name)  # noqa: PTH116 - twice as fast, twice in each transaction
        except OSError:
            raise self.replaced() from None
        if facts.st_nlink > 1 and not self._finish_backup():
            raise StoreError(
                f"{self.path} has a second name, a hard link. Two programs that use one name each "
                "would write to one file without noticing each other. Remove the other name, or "
                "make a copy of its own (cp without -l, or the store's backup).",
                category="InvalidOperation",
            )
        return (facts.st_dev, facts.st_ino) if facts.st_ino else None

    def _finish_backup(self) -> bool:
        """Take away the second name of a backup that was killed just before its end."""
        partial = partial_name(self.path)
        try:
            if partial.samefile(self.path):
                partial.unlink()
                return self.path.stat().st_nlink == 1
        except OSError:
            pass
        return False

    def replaced(self) -> StoreError:
        """The error for a file that was taken away while it was open."""
        return StoreError(
            f"{self.path} was removed or replaced while it was open, so nothing more is written "
            "to it. Connect again to work with the file that is there now.",
            category="OperationStopped",
        )


def partial_name(path: Path) -> Path:
    """The name of a backup at `path` until it is whole."""
    return Path(f"{path}.partial")
