"""Reading the CSV of an import: what is a code, what is refused, and at which line."""

import csv
import io

import pytest
from codes_api.codes.alphabet import ALPHABET, new_code, shown, well_typed
from codes_api.codes.import_errors import LINES_TOLD, wrong_lines, wrong_size
from codes_api.codes.import_file import ImportFile, LineReason, RefusedLine, read_file
from codes_api.codes.spelling import spellings, stored_form
from hypothesis import given
from hypothesis import strategies as st

SAFE = "ABCXYZabcxyz0189-_."
codes_of_others = st.text(SAFE, min_size=6, max_size=64)


def refusals(text: str) -> list[tuple[int, str, int | None]]:
    return [(one.line, one.reason.value, one.first_line) for one in read_file(text).refused]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("abc-001\nabc-002", {"ABC-001": 1, "ABC-002": 2}),
        ("code\nabc-001\n", {"ABC-001": 2}),
        ("\ufeffAccess Code\r\nabc-001\r\n\r\n  abc-002 \r\n", {"ABC-001": 2, "ABC-002": 4}),
        ('"ACCESS_CODE","Plan Name"\n"abc-001","Gold, 1 month"\n', {"ABC-001": 2}),
        ("Name;Access Code\nAnna;abc-001\n", {"ABC-001": 2}),
        ("Name\tcode\nAnna\tabc-001\n", {"ABC-001": 2}),
        ('note,code\n"two\nlines",abc-001\nx,abc-002', {"ABC-001": 2, "ABC-002": 4}),
        ("abcdef\rghijkl\r", {"ABCDEF": 1, "GHIJKL": 2}),
        ("abc-001,\nabc-002,", {"ABC-001": 1, "ABC-002": 2}),
        ("", {}),
        ("\n \n,,\n", {}),
        ("code", {}),
    ],
)
def test_files_that_are_good(text: str, codes: dict[str, int]) -> None:
    assert read_file(text) == ImportFile(codes, [])


def test_every_refused_line_with_its_number_and_reason() -> None:
    text = "\n".join(
        [
            "code",
            "abcde",
            "a" * 64,
            "a" * 65,
            "abc def",
            "abc/def",
            "äbcdef",
            "",
            "ABC-001",
            "abc-001",
            "abcdef",
            "ABCDEF",
            "Abcdef",
        ]
    )
    assert refusals(text) == [
        (2, "too_short", None),
        (4, "too_long", None),
        (5, "unsafe_character", None),
        (6, "unsafe_character", None),
        (7, "unsafe_character", None),
        (10, "duplicate_in_file", 9),
        (12, "duplicate_in_file", 11),
        (13, "duplicate_in_file", 11),
    ]


def test_columns_without_a_name_and_cells_that_are_missing() -> None:
    assert refusals("abc-001,Anna\nabc-002,Ben") == [(1, "several_columns", None), (2, "several_columns", None)]
    assert refusals("name,code\nAnna\nBen,abc-002\nCarl,") == [(2, "missing", None), (4, "missing", None)]


def test_what_csv_itself_refuses_is_a_line_too() -> None:
    assert refusals("abc-001\n" + "x" * 200_000 + "\nabc-002") == [(2, "unreadable", None)]


def test_a_generated_codes_form_is_read_as_one() -> None:
    """Two ways to write it are one code; it is stored in the one form that typing it leads to."""
    code = new_code()
    file = read_file(f"{shown(code).lower()}\n{code}")
    assert (file.codes, [one.reason for one in file.refused]) == ({code: 1}, [LineReason.DUPLICATE_IN_FILE])


def test_sixteen_symbols_with_another_check_symbol_are_a_code_of_another_system() -> None:
    strange = next(code for symbol in ALPHABET if not well_typed(code := "0" * 14 + "1" + symbol))
    (stored,) = read_file(strange.lower()).codes
    assert stored == strange
    assert stored in spellings(shown(strange))  # it is shown with dashes, and typed with them


@given(code=codes_of_others, upper=st.booleans(), spaces=st.sampled_from(["", " ", "\t "]))
def test_what_is_imported_is_found_however_it_is_cased(code: str, upper: bool, spaces: str) -> None:
    typed = spaces + (code.upper() if upper else code.lower()) + spaces
    assert stored_form(code) in spellings(typed)
    assert stored_form(code) in spellings(f"code_{code}")
    assert stored_form(code) in spellings(shown(stored_form(code)))


@given(values=st.lists(st.one_of(codes_of_others, st.text(max_size=70)), max_size=40))
def test_every_line_is_either_a_code_or_refused(values: list[str]) -> None:
    """Written by a standard writer, with whatever in the cells: nothing is lost and nothing is made up."""
    out = io.StringIO()
    csv.writer(out).writerows([["code"], *([value] for value in values)])
    file = read_file(out.getvalue())
    assert file.quantity == sum(1 for value in values if value.strip())
    assert set(file.codes) <= {stored_form(value.strip()) for value in values}
    lines = [*file.codes.values(), *(one.line for one in file.refused)]
    assert len(lines) == len(set(lines))


@given(text=st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    file = read_file(text)
    assert all(6 <= len(code) <= 64 for code in file.codes)


def test_sizes() -> None:
    assert wrong_size(read_file("\n".join(f"code-{n:04}" for n in range(1000)))) is None
    for size in (0, 1001):
        refusal = wrong_size(read_file("\n".join(f"code-{n:04}" for n in range(size))))
        assert refusal is not None
        assert refusal.extensions["errors"][0]["field"] == "csv"
    many = wrong_lines([RefusedLine(n, LineReason.TOO_SHORT) for n in range(1, 1501)])
    assert (many.extensions["refused"], len(many.extensions["lines"])) == (1500, LINES_TOLD)
