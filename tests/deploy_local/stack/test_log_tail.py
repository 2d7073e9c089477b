"""Warnings and errors reach the terminal, on one line each; the rest stays in the logs."""

import json
from pathlib import Path

import pytest
from memberpass_local.home import Home
from memberpass_local.log_tail import LogWatch, last_lines


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.at(tmp_path)
    home.make()
    return home


def _write(home: Home, text: str) -> None:
    with home.log_of("jobs").open("a") as log:
        log.write(text)


def test_only_loud_lines_are_picked(home: Home) -> None:
    _write(home, json.dumps({"level": "error", "event": "from an earlier run"}) + "\n")
    watch = LogWatch(home, ["jobs"])
    _write(home, json.dumps({"level": "info", "event": "an ERROR by name only"}) + "\n")
    _write(home, json.dumps({"level": "warning", "event": "slow", "service": "jobs", "batch_id": "b1", "timestamp": "t"}) + "\n")
    _write(home, json.dumps({"level": "error", "event": "broke", "exception": "Traceback\n  line\nValueError: no"}) + "\n")
    _write(home, "plain words\nModuleNotFoundError: No module named 'x'\n")

    lines = list(watch.new_loud_lines())

    assert [(line.level, line.text) for line in lines] == [
        ("warning", "slow  batch_id=b1"),
        ("error", "broke  ValueError: no"),
        ("error", "ModuleNotFoundError: No module named 'x'"),
    ]
    assert not list(watch.new_loud_lines())


def test_a_line_is_read_when_it_is_whole(home: Home) -> None:
    watch = LogWatch(home, ["jobs"])
    _write(home, "ERROR half")
    assert not list(watch.new_loud_lines())
    _write(home, " and half\n")
    assert [line.text for line in watch.new_loud_lines()] == ["ERROR half and half"]


def test_a_log_begun_anew_is_read_from_its_start(home: Home) -> None:
    _write(home, "a long log of the last run\n" * 9)
    watch = LogWatch(home, ["jobs"])
    home.log_of("jobs").write_text("ERROR new\n")

    assert [line.text for line in watch.new_loud_lines()] == ["ERROR new"]


def test_the_tail_of_a_log(home: Home) -> None:
    _write(home, "".join(f"line {number}\n" for number in range(10_000)))

    assert last_lines(home.log_of("jobs"), 2) == "line 9998\nline 9999"
    assert last_lines(home.log_of("missing")) == ""
