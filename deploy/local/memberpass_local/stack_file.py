"""`stack.json`: where a ready stack is found. Its keys are the contract's ("Running it")."""

from pydantic import BaseModel, ConfigDict

from memberpass_local.home import Home
from memberpass_local.private_file import write_private


class StackFile(BaseModel):
    """Addresses and the operator's key of a stack that is ready."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    codes_api: str
    billing_api: str
    bot_gateway: str
    telegram: str
    operator_key: str
    codes_database_url: str
    billing_database_url: str
    redis_url: str


def write_stack_file(home: Home, content: StackFile) -> None:
    """Put the file there in one step: a reader sees it whole or not at all. Only its owner may read it (operator key)."""
    write_private(home.stack_file, content.model_dump_json(indent=2) + "\n")


def remove_stack_file(home: Home) -> None:
    """The stack is not ready (any more)."""
    home.stack_file.unlink(missing_ok=True)
