"""The README's table is made from the results file, and stands in the README as it was made."""

import json
from pathlib import Path

import pytest
from memberpass_local.bench.report import as_json
from memberpass_local.bench.table import BEGIN, END, put_between_marks, table
from memberpass_local.bench.work import Work, spread

ROOT = Path(__file__).parents[3]
WORK = Work(
    name="redemptions",
    floor="bare",
    ours="30/s",
    bare="60/s",
    ratio=0.5,
    aim="0.6 of its rate",
    reached=False,
    figures={"per_second": spread([10, 30, 50])},
)


def test_a_line_a_work_and_what_it_was_measured_on() -> None:
    results = json.loads(json.dumps(as_json("full", [WORK])))
    assert results["works"][0]["figures"] == {"per_second": {"median": 30, "min": 10, "max": 50}}
    head, rule, line, empty, note = table(results).splitlines()
    assert head.count("|") == rule.count("|") == line.count("|") == 6
    assert line == "| redemptions | 30/s | bare: 60/s | 0.50 | 0.6 of its rate (**not reached**) |"
    assert not empty
    assert note.startswith("`SIZE=full make bench` on ")
    assert f"{results['machine']['cpus']} cores" in note
    assert table({**results, "note": "In the rain."}).splitlines()[-1] == f"{note} In the rain."


def test_what_stands_around_the_marks_stays() -> None:
    once = put_between_marks(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new")
    assert once == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert put_between_marks(once, "new") == once
    for broken in ("", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"):
        with pytest.raises(ValueError, match="two marks"):
            put_between_marks(broken, "new")


def test_the_readme_shows_the_results_that_are_kept() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    results = json.loads((ROOT / "docs" / "bench.json").read_text(encoding="utf-8"))
    assert put_between_marks(readme, table(results)) == readme
