"""Whose rights the embedded PostgreSQL runs with when the stack is started by root, which PostgreSQL refuses to serve.

No account is made on the machine and no folder of others is opened up for this: an account that is there anyway is
used, and what it can't reach is copied to where it can (`embedded_postgres`).
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from memberpass_local.problems import StackError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class SystemAccount:
    """An account without rights of its own."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Make it the owner of a file or folder (not of what lies in it)."""
        os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether it can go into a folder or run a program, given all folders on the way. The system itself is asked."""
        asked = subprocess.run(  # noqa: S603 - a fixed program; the path is an argument, not a part of the script
            ["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "sh", str(path)],
            check=False,
            cwd="/",
            user=self.uid,
            group=self.gid,
            extra_groups=[],
        )
        return asked.returncode == 0


def unprivileged_account() -> SystemAccount | None:
    """The account to use instead of root; None for an ordinary user, who needs none.

    Raises:
        StackError: root's machine knows none of the usual accounts.
    """
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return SystemAccount(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise StackError(
        f"PostgreSQL does not run as root, and there is no account {' or '.join(CANDIDATES)} to run it as. "
        "Start the stack as an ordinary user, or give CODES_DATABASE_URL and BILLING_DATABASE_URL."
    )
