from random import Random

from bot_gateway.bots.window import TRIES, Window
from hypothesis import given
from hypothesis import strategies as st


def test_the_first_unfinished_update_holds_the_offset() -> None:
    assert Window().offset is None
    window = Window()
    assert window.begin([5, 6, 7], 0.0) == [5, 6, 7]
    window.finish(6, 0.0, handled=True)
    assert window.offset == 5
    assert window.begin([5, 6, 7, 8], 0.0) == [8]
    for number in (5, 7, 8):
        window.finish(number, 0.0, handled=True)
    assert (window.offset, window.busy) == (9, False)


def test_a_failed_update_comes_again_after_a_pause_and_is_given_up_at_last() -> None:
    window, now = Window(), 0.0
    for number in range(TRIES):
        assert window.begin([1], now) == [1], number
        window.finish(1, now, handled=False)
        if number < TRIES - 1:
            assert (window.begin([1], now), window.offset) == ([], 1)
        now += 60
    assert (window.offset, window.busy) == (2, False)


def test_a_rest_that_telegram_asked_for_is_kept() -> None:
    window = Window()
    window.begin([1], 0.0)
    window.finish(1, 0.0, handled=False, rest_s=30)
    assert window.begin([1], 29.0) == []
    assert window.begin([1], 30.0) == [1]


def test_numbers_that_begin_anew() -> None:
    """After a quiet week Telegram chooses the next number at random (Bot API, Update)."""
    window = Window()
    window.begin([900], 0.0)
    window.finish(900, 0.0, handled=True)
    assert window.begin([5], 0.0) == [5]
    window.finish(5, 0.0, handled=True)
    assert window.offset == 6


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.randoms())
def test_each_update_is_handled_and_none_twice(outcomes: list[bool], random: Random) -> None:
    """Whatever order they finish in: all get handled, never two at once, and the offset ends behind the last."""
    window, now, handled = Window(), 0.0, []
    under_way: set[int] = set()
    for _ in range(1000):
        first = window.offset or 0
        for number in window.begin(range(first, len(outcomes)), now):
            assert number not in under_way
            assert number not in handled
            under_way.add(number)
        if not under_way and not window.busy and window.offset == len(outcomes):
            break
        for number in random.sample(sorted(under_way), k=min(len(under_way), 3)):
            good = outcomes[number] or random.random() < 0.7
            window.finish(number, now, handled=good)
            under_way.discard(number)
            if good:
                handled.append(number)
        now += 1
    assert window.offset == len(outcomes)
    assert len(set(handled)) == len(handled)
