"""Puts a home back to nothing: stops what runs on it and deletes what the stack made, and nothing else."""

import contextlib
import os
import shutil
import signal
import time

from memberpass_local.home import Home, HomeLock, holder
from memberpass_local.leftovers import stop_leftovers
from memberpass_local.postgres_places import outside_folders
from memberpass_local.problems import StackError

STOP_WITHIN_S = 12.0


def clean(home: Home) -> None:
    """Stop the home's stack, if it runs, and its leftovers; delete its files. Other files in the folder stay.

    Raises:
        StackError: the running stack did not stop, or the files belong to somebody else.
    """
    if not home.run.is_dir():
        return  # nothing was ever started here
    _stop_supervisor(home)
    with HomeLock(home):
        outside = outside_folders(home)
        stop_leftovers(home, *outside)
        try:
            for folder in (*outside, home.data, home.logs):
                shutil.rmtree(folder)
            for file in (home.stack_file, home.secrets_file, home.sandbox_clock):
                file.unlink(missing_ok=True)
            shutil.rmtree(home.run)
        except OSError as error:
            raise StackError(f"{error.filename} can't be deleted: {error.strerror}.") from error
    with contextlib.suppress(OSError):  # not empty: somebody else's files
        home.path.rmdir()


def _stop_supervisor(home: Home) -> None:
    deadline = time.monotonic() + STOP_WITHIN_S
    asked = False
    while True:
        try:
            with HomeLock(home):
                return
        except StackError:
            owner = holder(home)
            if time.monotonic() > deadline or owner is None:
                raise
            if not asked:
                os.kill(owner, signal.SIGTERM)
                asked = True
        time.sleep(0.1)
