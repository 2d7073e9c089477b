"""Statistics as a picture, to be read on a phone. Pure: figures in, bytes out; takes some 200 ms of a thread.

Import this module where it is drawn: matplotlib takes a second to load.
"""

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator
from shared.contracts.statistics import CodeStatistics
from shared.drawing.fonts import ELLIPSIS, Face, printable

WIDTH_IN, HEIGHT_IN, DPI = 7.2, 8.0, 150
_LEFT, _RIGHT = 0.07, 0.93
_INK, _SOFT, _LINE = "#1d2733", "#66717f", "#e3e7ec"
_DIGIT_WIDTH: Final = 0.02
_LONG_WINDOW: Final = 92
_MOST_LABELS: Final = 7
_FEW_DAYS: Final = 4
_MILLION: Final = 1_000_000
_THOUSAND: Final = 1_000

_STATUSES: Final[Sequence[tuple[str, str, Callable[[CodeStatistics], int]]]] = (
    ("Redeemed", "#23895b", lambda data: data.redeemed),
    ("Unredeemed", "#3f72af", lambda data: data.unredeemed),
    ("Expired", "#7d8896", lambda data: data.expired),
    ("Revoked", "#c2414f", lambda data: data.revoked),
)


def draw_statistics(data: CodeStatistics, form: Literal["png", "svg"]) -> bytes:
    """The picture: a heading, the totals, how the codes stand, redemptions a day. PNG: 1080 x 1200 pixels."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    _heading(figure, data)
    if data.generated:
        _totals(figure, data)
        _status_bar(figure, data)
        _days(figure, data)
        _footer(figure, data)
    else:
        _nothing_yet(figure)
    out = io.BytesIO()
    figure.savefig(out, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    return out.getvalue()


def _heading(figure: Figure, data: CodeStatistics) -> None:
    _name(figure, 0.94, data.project_name, fontsize=21, bold=True, color=_INK)
    _name(figure, 0.899, data.batch_name or "All batches", fontsize=13, bold=False, color=_SOFT)


def _name(figure: Figure, y: float, name: str, *, fontsize: float, bold: bool, color: str) -> None:
    """A name from outside: no formula, never wider than the picture."""
    whole = printable(name, Face.BOLD if bold else Face.REGULAR) or "-"
    weight = "bold" if bold else "normal"
    text = figure.text(_LEFT, y, whole, fontsize=fontsize, fontweight=weight, color=color, parse_math=False, va="baseline")
    shown = len(whole)
    while shown > 1 and _width(figure, text) > _RIGHT - _LEFT:
        shown = min(shown - 1, int(shown * max(0.5, (_RIGHT - _LEFT) / _width(figure, text))))
        text.set_text(whole[:shown].rstrip() + ELLIPSIS)


def _width(figure: Figure, text: Text) -> float:
    return float(text.get_window_extent().width / figure.bbox.width)


def _totals(figure: Figure, data: CodeStatistics) -> None:
    tiles = (("Generated", data.generated, ""), ("Delivered", data.delivered, ""), ("Redeemed", data.redeemed, _share(data)))
    size = 27 if data.generated < _MILLION else 18
    for at, (label, number, note) in enumerate(tiles):
        x = _LEFT + at * 0.3
        figure.text(x, 0.806, _number(number), fontsize=size, fontweight="bold", color=_INK, va="baseline")
        figure.text(x, 0.774, label, fontsize=12, color=_SOFT, va="baseline")
        if note:
            figure.text(x, 0.746, note, fontsize=11, color=_SOFT, va="baseline")


def _status_bar(figure: Figure, data: CodeStatistics) -> None:
    axes = figure.add_axes((_LEFT, 0.655, _RIGHT - _LEFT, 0.06))
    axes.set_xlim(0, data.generated)
    axes.set_ylim(0, 1)
    axes.axis("off")
    start = 0
    for at, (label, color, count_of) in enumerate(_STATUSES):
        count = count_of(data)
        axes.add_patch(Rectangle((start, 0), count, 1, facecolor=color, edgecolor="white", linewidth=1.5))
        number = _number(count)
        if count > data.generated * _DIGIT_WIDTH * (len(number) + 1):
            middle = start + count / 2
            axes.text(middle, 0.47, number, ha="center", va="center", fontsize=13, color="white", fontweight="bold")
        start += count
        x = _LEFT + at * (_RIGHT - _LEFT) / len(_STATUSES)
        mark = Rectangle((x, 0.617), 0.018, 0.0162, facecolor=color, transform=figure.transFigure)
        figure.add_artist(mark)
        figure.text(x + 0.027, 0.6175, label, fontsize=11.5, color=_SOFT, va="baseline")
        figure.text(x + 0.027, 0.589, _number(count), fontsize=13, fontweight="bold", color=_INK, va="baseline")


def _days(figure: Figure, data: CodeStatistics) -> None:
    in_window = sum(day.redeemed for day in data.redemptions_per_day)
    figure.text(_LEFT, 0.513, "Redemptions a day", fontsize=14, fontweight="bold", color=_INK, va="baseline")
    span = f"{_day(data.first_day)} to {_day(data.last_day)}: {_number(in_window)}"
    figure.text(_LEFT, 0.483, span, fontsize=11.5, color=_SOFT, va="baseline")
    axes = figure.add_axes((_LEFT + 0.045, 0.125, _RIGHT - _LEFT - 0.045, 0.33))
    _bars(axes, data)
    if not in_window:
        axes.text(
            0.5, 0.5, "Nobody redeemed a code in these days", transform=axes.transAxes, ha="center", fontsize=13, color=_SOFT
        )


def _bars(axes: Axes, data: CodeStatistics) -> None:
    days = data.redemptions_per_day
    noons = [day.date.toordinal() + 0.5 for day in days]
    counts = [day.redeemed for day in days]
    axes.bar(noons, counts, width=_bar_width(len(days)), color=_STATUSES[0][1], linewidth=0)
    axes.set_xlim(data.first_day.toordinal(), data.last_day.toordinal() + 1)
    axes.set_ylim(0, max(*counts, 4) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(int(value))))
    every = -(-len(days) // _MOST_LABELS)
    axes.set_xticks(noons[::every], [f"{day.date.day} {day.date:%b}" for day in days[::every]])
    axes.grid(axis="y", color=_LINE, linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=7, labelsize=11.5, colors=_SOFT)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_LINE)


def _footer(figure: Figure, data: CodeStatistics) -> None:
    if data.first_redeemed_at is None or data.last_redeemed_at is None:
        line = "No code has been redeemed yet"
    else:
        line = f"First redemption {_moment(data.first_redeemed_at)}, last {_moment(data.last_redeemed_at)}"
    figure.text(_LEFT, 0.04, f"{line}. Days in UTC.", fontsize=10.5, color=_SOFT, va="baseline")


def _nothing_yet(figure: Figure) -> None:
    centred: dict[str, Any] = {"ha": "center", "va": "center"}
    for at in range(7):
        height = (0.05, 0.08, 0.07, 0.11, 0.10, 0.14, 0.17)[at]
        bar = Rectangle((0.335 + at * 0.048, 0.52), 0.034, height, facecolor=_LINE, transform=figure.transFigure)
        figure.add_artist(bar)
    figure.text(0.5, 0.44, "No codes yet", fontsize=20, fontweight="bold", color=_INK, **centred)
    sentence = "As soon as your first codes are generated,\nyou will see here how many are redeemed."
    figure.text(0.5, 0.37, sentence, fontsize=13, color=_SOFT, linespacing=1.5, **centred)


def _share(data: CodeStatistics) -> str:
    if not data.redeemed:
        return ""
    percent = data.redeemed * 100 // data.generated
    return f"{percent}% of all" if percent else "less than 1%"


def _bar_width(days: int) -> float:
    """In days. Without gaps where these would be thinner than a pixel; no walls where there are few bars."""
    if days > _LONG_WINDOW:
        return 1.0
    return 0.4 if days < _FEW_DAYS else 0.78


def _number(value: int) -> str:
    return f"{value:,}"


def _short(value: int) -> str:
    """For the axis, where there is little room: 12500 is "12.5k"."""
    if value >= _MILLION:
        return f"{value / _MILLION:g}M"
    return f"{value / _THOUSAND:g}k" if value >= 10 * _THOUSAND else _number(value)


def _day(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def _moment(at: datetime) -> str:
    return f"{_day(at.date())}, {at:%H:%M}"
