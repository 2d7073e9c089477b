"""A problem that a stand-in answers with because a test says so."""

from dataclasses import dataclass, field

from fastapi import Response
from shared.problems import render


@dataclass
class Refusal:
    """A problem as the services word it."""

    status: int
    code: str
    extensions: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        return render(self.status, self.code, self.code, self.code, self.extensions, self.headers)
