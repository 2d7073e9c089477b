"""Requests of every kind to a running service, made by schemathesis out of the service's own OpenAPI document.

What must hold of each answer: no 5xx, a status and a media type that the document names, a body of the shape it promises.
The suite asks little and always the same. `SCHEMATHESIS_EXAMPLES=300` asks more, each time something else.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.in_process import served

LONGER = os.environ.get("SCHEMATHESIS_EXAMPLES")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SEARCH = settings(
    max_examples=int(LONGER or 8),
    derandomize=LONGER is None,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
ANY_CASE = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
Operation = APIOperation[Any, Any, Any, Any]
AnyCase = Case[Any]


@dataclass(frozen=True)
class Asker:
    """Who asks, and what there is.

    Args:
        headers: what lets them in, for an operation's path.
        known: things that exist, by the name that a path, a query or a body calls them by.
    """

    headers: Callable[[str], Mapping[str, str]]
    known: Mapping[str, str]


async def answers_as_documented(app: Any, asker: Asker, *, without: frozenset[tuple[str, str]] = frozenset()) -> int:
    """Ask every operation of the app's document; how many requests that were.

    Args:
        without: (method, path) of operations that are not asked.
    """
    async with served(app) as base_url:
        return await asyncio.to_thread(_ask_all, app.openapi(), base_url, asker, without)


def _ask_all(document: dict[str, Any], base_url: str, asker: Asker, without: frozenset[tuple[str, str]]) -> int:
    schema = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    asked = [operation for operation in operations if (operation.method.upper(), operation.path) not in without]
    assert len(asked) == len(operations) - len(without)
    with requests.Session() as session:
        return sum(_ask(operation, base_url, asker, session) for operation in sorted(asked, key=_takes_away))


def _takes_away(operation: Operation) -> tuple[bool, int]:
    """What deletes comes last, the widest at the very end: all others need what it takes away."""
    return operation.method.upper() == "DELETE", -len(operation.path)


def _ask(operation: Operation, base_url: str, asker: Asker, session: requests.Session) -> int:
    requests_made = 0

    @SEARCH
    @given(case=st.one_of(*(operation.as_strategy(mode) for mode in ANY_CASE)), existing=st.booleans())
    def ask(case: AnyCase, *, existing: bool) -> None:
        nonlocal requests_made
        if existing:
            _name_what_exists(case, asker.known)
        response = case.call(base_url=base_url, session=session, headers=dict(asker.headers(operation.path)))
        requests_made += 1
        case.validate_response(response, checks=CHECKS)

    ask()
    return requests_made


def _name_what_exists(case: AnyCase, known: Mapping[str, str]) -> None:
    for fields in _places(case):
        fields.update({name: value for name, value in known.items() if name in fields})


def _places(case: AnyCase) -> Iterator[dict[str, Any]]:
    for place in (case.path_parameters, case.query, case.body):
        if isinstance(place, dict):
            yield place
