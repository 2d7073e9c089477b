"""The README's table of speed, made from a results file: `python -m memberpass_local.bench.table docs/bench.json README.md`
writes it between the two marks; `--check` only says whether it stands there already (exit code 1: it does not)."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

BEGIN = "<!-- bench: made by `python -m memberpass_local.bench.table docs/bench.json README.md` -->"
END = "<!-- /bench -->"
_COLUMNS = ("work", "here", "floor, in the same run", "ratio", "aim")


def table(results: dict[str, Any]) -> str:
    """Markdown: a line a work, what it was measured on, and a `note` that somebody put into the results."""
    lines = [_row(_COLUMNS), _row(["---"] * len(_COLUMNS))]
    for work in results["works"]:
        aim = work["aim"] if work["reached"] else f"{work['aim']} (**not reached**)"
        lines.append(_row((work["work"], work["ours"], f"{work['floor']}: {work['bare']}", f"{work['ratio']:.2f}", aim)))
    machine = results["machine"]
    note = (
        f"`SIZE={results['size']} make bench` on {results['measured_on']}: {machine['cpus']} cores ({machine['cpu']}), "
        f"{machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}, shared by clients, services and "
        "PostgreSQL. The rates are this machine's; the ratios carry over."
    )
    lines += ["", " ".join(part for part in (note, results.get("note")) if part)]
    return "\n".join(lines)


def put_between_marks(text: str, made: str) -> str:
    """The text with what stands between the marks replaced.

    Raises:
        ValueError: it has not exactly one pair of marks.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end) or BEGIN in tail or END in tail:
        msg = "the text needs the two marks, each once"
        raise ValueError(msg)
    return f"{head}{BEGIN}\n{made}\n{END}{tail}"


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="memberpass_local.bench.table", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("document", type=Path)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    old = asked.document.read_text(encoding="utf-8")
    new = put_between_marks(old, table(json.loads(asked.results.read_text(encoding="utf-8"))))
    if asked.check:
        return int(new != old)
    asked.document.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
