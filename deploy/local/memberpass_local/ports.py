"""The stack's ports on loopback: which they are, and whether they are free."""

import errno
import socket
from collections.abc import Mapping

from memberpass_local.problems import StackError

HOST = "127.0.0.1"
DEFAULT_BASE = 8000
OFFSETS: Mapping[str, int] = {"codes-api": 1, "billing-api": 2, "bot-gateway": 3, "telegram": 4}
"""What each process adds to `MEMBERPASS_PORT_BASE` (contract, "Running it")."""
LAST_PORT = 65535


def ports_from(base: int) -> dict[str, int]:
    """Each process's port.

    Raises:
        StackError: the base leaves no room for them.
    """
    if not 1 <= base <= LAST_PORT - max(OFFSETS.values()):
        raise StackError(f"MEMBERPASS_PORT_BASE must lie between 1 and {LAST_PORT - max(OFFSETS.values())}, not {base}.")
    return {name: base + offset for name, offset in OFFSETS.items()}


def refuse_taken(ports: Mapping[str, int], base: int) -> None:
    """Make sure that nobody else listens on the ports.

    Raises:
        StackError: somebody does; the sentence names the port and the setting that moves it.
    """
    for name, port in ports.items():
        if not _is_free(port):
            raise StackError(
                f"Port {port}, which {name} needs, is in use. Stop what uses it, or set MEMBERPASS_PORT_BASE "
                f"to another number than {base}: the stack takes the four ports that follow it."
            )


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def free_base(start: int) -> int:
    """The first port base from `start`, in steps of ten, whose ports are all free at this moment.

    Raises:
        StackError: there is none.
    """
    for base in range(start, LAST_PORT - 10, 10):
        if all(_is_free(port) for port in ports_from(base).values()):
            return base
    raise StackError("No four free ports in a row were found.")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of the last run that still linger (TIME_WAIT) take nothing from a new listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise StackError(
                    f"Port {port} can't be used: {error.strerror}. Set MEMBERPASS_PORT_BASE to another number."
                ) from error
            return False
    # macOS lets a second socket bind beside one that listens on all addresses; whoever answers has the port.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        caller.settimeout(0.5)
        return caller.connect_ex((HOST, port)) != 0
