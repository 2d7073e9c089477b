"""How the story is told in a terminal: chapters, steps with a tick and a time, conversations, tables."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table


class Step:
    """A step that is being played; `note` adds what was found."""

    def __init__(self) -> None:
        self.found = ""

    def note(self, found: str) -> None:
        """Say what came out, shown behind the step."""
        self.found = found


class Teller:
    """Prints the story and counts its steps."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.steps = 0
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the story began."""
        return time.monotonic() - self._began

    def chapter(self, title: str, about: str) -> None:
        """A heading and a line below it."""
        self.console.print()
        self.console.rule(f"[bold]{escape(title)}[/bold]", align="left", style="cyan")
        self.console.print(f"[dim]{escape(about)}[/dim]")

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """A step: a tick and its time when it ends well, a cross when it does not."""
        step = Step()
        began = time.monotonic()
        try:
            yield step
        except BaseException:
            self.console.print(f" [red]✗[/red] {escape(what)}")
            raise
        self.steps += 1
        took = f"{(time.monotonic() - began) * 1000:,.0f} ms"
        found = f" [cyan]→ {escape(step.found)}[/cyan]" if step.found else ""
        self.console.print(f" [green]✓[/green] {escape(what)}{found} [dim]{took}[/dim]")

    def bubble(self, who: str, text: str, buttons: Sequence[Sequence[dict[str, str]]] = ()) -> None:
        """A message as it stands in the chat."""
        lines = [escape(text)]
        lines += ["  ".join(f"[reverse] {escape(button['text'])} [/reverse]" for button in row) for row in buttons]
        self.console.print(Panel("\n".join(lines), title=escape(who), title_align="left", border_style="blue", width=76))

    def said(self, who: str, text: str) -> None:
        """What a person typed."""
        self.console.print(f"   [yellow]{escape(who)}:[/yellow] {escape(text)}")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A small table."""
        table = Table(title=title, title_justify="left", title_style="bold")
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        self.console.print(table)
