import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.contracts.pages import InvalidCursorError, decode_cursor, encode_cursor


@given(st.text(), st.integers())
def test_a_cursor_gives_its_keys_back(text: str, number: int) -> None:
    assert decode_cursor(encode_cursor(text, number), str, int) == (text, number)


@given(st.text(max_size=40))
def test_any_other_text_is_refused_and_never_a_crash(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(text, str, int, str)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(encode_cursor("a", "b"), str, int)
    with pytest.raises(InvalidCursorError):
        decode_cursor(encode_cursor("a"), str, int)
