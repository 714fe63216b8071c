"""`ConferenceId` takes what people write and is an int; the dice are uniform and independent."""

from __future__ import annotations

import copy
import csv
import io
import itertools
import json
import math
import os
import pickle
import random
import sqlite3
import struct
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confid.ids.conference_id import ConferenceId
from confid.ids.dice import FreeSet, Space, draw, draw_distinct, draw_pin
from confid.store import FIRST_ID, LAST_ID
from tests.tables import each_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confid.ids.dice import Dice

WHOLE = Space()
SMALL = Space(FIRST_ID, FIRST_ID + 99)

# How many standard deviations a sum may be off. Seeds are fixed, so a pass is a pass for good;
# a sound source fails a new seed once in a billion.
SIGMAS = 6


def seeded(seed: int) -> Dice:
    """Dice that give the same bytes again for the same seed."""
    return random.Random(seed).randbytes


def words(*values: int) -> Dice:
    """Dice that give these 64-bit words, then the last one for ever."""
    stream = iter(values)

    def dice(count: int) -> bytes:
        drawn = [next(stream, values[-1]) for _ in range(count // 8)]
        return struct.pack(f"={len(drawn)}Q", *drawn)

    return dice


def chi_square(counts: Sequence[int], expected: float) -> float:
    """Pearson's statistic in standard deviations from its mean."""
    statistic = sum((count - expected) ** 2 / expected for count in counts)
    freedom = len(counts) - 1
    return (statistic - freedom) / math.sqrt(2 * freedom)


# ConferenceId.


@pytest.mark.parametrize(
    "value",
    [
        3542699,
        ConferenceId(3542699),
        np.int64(3542699),
        np.uint32(3542699),
        "3542699",
        "3542699#",
        "354 269 9#",
        "354-269-9",
        "354 269 9 #",
        "3 5 4 2 6 9 9",
        "  354\u00a0269\u00a09#\n",
    ],
)
def test_it_is_made_of_ints_and_of_text_as_people_write_it(value: object) -> None:
    """Grouped, with the hash, with blanks around: all the same ID."""
    assert ConferenceId(value) == 3542699
    assert type(ConferenceId(value)) is ConferenceId


@pytest.mark.parametrize("value", [FIRST_ID, LAST_ID, "1000000", "9999999#"])
def test_the_range_includes_its_ends(value: object) -> None:
    """1000000 and 9999999 are conference IDs."""
    assert ConferenceId(value) in {FIRST_ID, LAST_ID}


@each_row(
    "value",
    [
        None,
        True,
        False,
        np.bool_(True),
        3542699.0,
        np.float64(3542699),
        float("nan"),
        float("inf"),
        3542699j,
        Decimal(3542699),
        Fraction(3542699),
        b"3542699",
        [3542699],
        (3542699,),
        {3542699},
        np.array([3542699, 3542699]),
        object(),
        0,
        -3542699,
        999_999,
        10_000_000,
        2**63,
        10**5000,
        -(10**5000),
        "",
        " ",
        "#",
        "354269",
        "35426999",
        "0354269",
        "03542699",
        "+3542699",
        "-3542699",
        "3542699.0",
        "3,542,699",
        "3_542_699",
        "3.542.699",
        "3542699##",
        "#3542699",
        "354269#9",
        "3542699 x",
        "0x360EAB",
        "354\n2699",
        "\uff13\uff15\uff14\uff12\uff16\uff19\uff19",
        "٣٥٤٢٦٩٩",
        "३५४२६९९",
        "354269²",
        "3542699\0",
        "9" * 10_000,
    ],
)
def test_anything_else_is_a_value_error(value: object) -> None:
    """With a sentence of one line that says what a conference ID is."""
    with pytest.raises(ValueError, match="7 digits, 1000000 to 9999999") as raised:
        ConferenceId(value)
    assert len(str(raised.value)) < 120


@given(st.text() | st.integers() | st.floats() | st.binary() | st.none())
def test_nothing_gets_past_it(value: object) -> None:
    """Whatever comes in, out comes a seven-digit ID or a ValueError."""
    try:
        made = ConferenceId(value)
    except ValueError:
        return
    assert FIRST_ID <= made <= LAST_ID
    assert len(str(made)) == 7


@given(st.integers(FIRST_ID, LAST_ID))
def test_every_form_of_it_reads_back(number: int) -> None:
    """Its text, its spoken form and its number give the same ID."""
    made = ConferenceId(number)
    assert ConferenceId(str(made)) == ConferenceId(made.spoken) == ConferenceId(int(made)) == made


def test_the_text_of_every_id_reads_back() -> None:
    """All 9,000,000 in steps that are another set of them each time, in about a second."""
    step = 90
    for number in range(FIRST_ID + random.randrange(step), LAST_ID + 1, step):
        made = ConferenceId(number)
        text, spoken = str(made), made.spoken
        assert text == f"{number}"
        assert spoken == f"{text[:3]} {text[3:6]} {text[6]}#"
        assert ConferenceId(text) == ConferenceId(spoken) == number


def test_its_text_is_seven_digits() -> None:
    """In every way that text is made; its repr says what it is."""
    made = ConferenceId(3542699)
    assert str(made) == f"{made}" == f"{made:d}" == "{}".format(made) == "%s" % made == "3542699"  # noqa: UP031, UP032 - all the ways
    assert f"{made:>9}" == "  3542699"
    assert f"{made:,}" == "3,542,699"
    assert repr(made) == "ConferenceId(3542699)"
    assert made.spoken == "354 269 9#"


def test_it_is_an_int_wherever_data_leaves_python() -> None:
    """JSON, CSV, SQL, pickle, numpy, sets and sums."""
    made = ConferenceId(3542699)
    assert json.dumps({"id": made, made: 1}) == '{"id": 3542699, "3542699": 1}'
    out = io.StringIO()
    csv.writer(out).writerow([made])
    assert out.getvalue() == "3542699\r\n"
    connection = sqlite3.connect(":memory:")
    assert connection.execute("SELECT ?, typeof(?)", (made, made)).fetchone() == (
        3542699,
        "integer",
    )
    connection.close()
    assert np.array([made]).dtype == np.int64
    assert struct.pack(">I", made) == b"\x00\x36\x0e\xab"
    assert made in {3542699, 2_000_000}
    assert {made: "x"}[3542699] == "x"  # type: ignore[index]  # an int finds it
    assert type(made + 1) is int
    assert sorted([made, 2_000_000]) == [2_000_000, made]


def test_it_survives_pickle_and_copy() -> None:
    """As what it is."""
    made = ConferenceId(3542699)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(made, protocol))  # noqa: S301 - our own
        assert (again, type(again)) == (made, ConferenceId)
    assert type(copy.deepcopy(made)) is type(copy.copy(made)) is ConferenceId


def test_it_cant_be_changed() -> None:
    """Nor carry anything besides."""
    with pytest.raises(AttributeError):
        ConferenceId(3542699).owner = "eve"  # type: ignore[attr-defined]  # that is the point


@pytest.mark.parametrize(
    ("first", "last"), [(999_999, LAST_ID), (FIRST_ID, LAST_ID + 1), (FIRST_ID + 1, FIRST_ID)]
)
def test_a_space_is_a_part_of_the_seven_digit_one(first: int, last: int) -> None:
    """And holds at least one ID."""
    with pytest.raises(ValueError, match="is no part of"):
        Space(first, last)
    assert len(WHOLE) == 9_000_000
    assert len(Space(FIRST_ID, FIRST_ID)) == 1


# The dice.


@pytest.mark.parametrize("space", [WHOLE, SMALL, Space(3_000_000, 3_000_999)])
def test_draws_are_uniform(space: Space) -> None:
    """Over 100 buckets, by chi-square."""
    count = 200_000
    drawn = draw(count, space, seeded(1))
    assert all(space.first <= i <= space.last for i in drawn)
    buckets = Counter((i - space.first) * 100 // len(space) for i in drawn)
    assert abs(chi_square([buckets[b] for b in range(100)], count / 100)) < SIGMAS


def test_every_digit_is_uniform() -> None:
    """The last six of them over 0 to 9, the first over 1 to 9."""
    texts = [str(i) for i in draw(100_000, WHOLE, seeded(2))]
    for place in range(7):
        counts = Counter(text[place] for text in texts)
        assert len(counts) == (9 if place == 0 else 10)
        assert abs(chi_square(list(counts.values()), len(texts) / len(counts))) < SIGMAS


@pytest.mark.parametrize("space", [WHOLE, SMALL, Space(5_000_000, 5_000_000)])
def test_the_first_and_the_last_can_be_drawn(space: Space) -> None:
    """The extreme words give the ends of the space, and nothing gives more."""
    assert draw(2, space, words(0, 2**64 - 1)) == [space.first, space.last]


def test_neighbouring_words_split_the_space_evenly() -> None:
    """The border between two IDs lies where it ought to, to one word in 2⁶⁴."""
    size = len(WHOLE)
    for place in (1, 2, 4_500_000, size - 1):
        border = -(-(place << 64) // size)
        assert draw(2, WHOLE, words(border - 1, border)) == [
            FIRST_ID + place - 1,
            FIRST_ID + place,
        ]


def test_independent_dice_give_unrelated_ids() -> None:
    """As many agree as chance has it: two sessions share nothing."""
    count = 100_000
    pairs = list(zip(draw(count, WHOLE, seeded(3)), draw(count, WHOLE, seeded(4)), strict=True))
    table = Counter(((a - FIRST_ID) // 900_000, (b - FIRST_ID) // 900_000) for a, b in pairs)
    counts = [table[a, b] for a in range(10) for b in range(10)]
    assert abs(chi_square(counts, count / 100)) < SIGMAS
    assert sum(a == b for a, b in pairs) <= 2


@pytest.mark.parametrize("distance", [1, 2, 7])
def test_neighbours_of_a_bulk_call_are_unrelated(distance: int) -> None:
    """Knowing one's own ID says nothing of a colleague's in the same call."""
    drawn = draw_distinct(100_000, WHOLE, seeded(5))
    pairs = list(zip(drawn, drawn[distance:], strict=False))
    table = Counter(((a - FIRST_ID) // 900_000, (b - FIRST_ID) // 900_000) for a, b in pairs)
    counts = [table[a, b] for a in range(10) for b in range(10)]
    assert abs(chi_square(counts, len(pairs) / 100)) < SIGMAS
    rising = sum(a < b for a, b in pairs) / len(pairs)
    assert abs(rising - 0.5) < SIGMAS * (1 / (12 * len(pairs))) ** 0.5 * distance


def test_the_operating_systems_dice_dont_repeat() -> None:
    """Two bulk calls with `os.urandom` share about as many IDs as chance has it: 0.1 of 1,000."""
    first, second = (set(draw_distinct(1_000, WHOLE, os.urandom)) for _ in range(2))
    assert len(first) == len(second) == 1_000
    assert len(first & second) < 8


@pytest.mark.parametrize("count", [0, 1, 10, 50])
def test_distinct_draws_are_distinct(count: int) -> None:
    """As many as were asked for, up to half the space, none twice."""
    for seed in range(20):
        drawn = draw_distinct(count, SMALL, seeded(seed))
        assert len(drawn) == len(set(drawn)) == count


def test_dice_that_repeat_themselves_dont_hang_a_draw() -> None:
    """What they can give comes out, once, after a bounded number of throws."""
    throws = itertools.count()

    def dice(count: int) -> bytes:
        assert next(throws) < 1_000
        return bytes(count)

    assert draw_distinct(10, WHOLE, dice) == [FIRST_ID]
    assert draw_distinct(10, WHOLE, words(0)) == [FIRST_ID]
    assert draw_distinct(10, WHOLE, words(0, 2**63, 0)) == [FIRST_ID, FIRST_ID + 4_500_000]


# The free set.


def test_the_free_set_holds_what_is_not_taken() -> None:
    """IDs outside the space count neither way."""
    taken = [FIRST_ID + i for i in range(0, 100, 2)]
    free = FreeSet([*taken, LAST_ID, FIRST_ID + 100], SMALL)
    assert len(free) == 50
    assert sorted(free.draw(1_000, seeded(1))) == [FIRST_ID + i for i in range(1, 100, 2)]
    assert len(free) == 0
    assert free.draw(1, seeded(1)) == []


@given(
    taken=st.sets(st.integers(SMALL.first, SMALL.last)),
    counts=st.lists(st.integers(0, 40)),
    seed=st.integers(0, 2**32),
)
def test_the_free_set_proposes_each_id_once(taken: set[int], counts: list[int], seed: int) -> None:
    """However it is drawn from, together the draws are the free IDs without repetition."""
    free, dice = FreeSet(taken, SMALL), seeded(seed)
    drawn = [i for count in [*counts, 100] for i in free.draw(count, dice)]
    assert sorted(drawn) == sorted(set(range(SMALL.first, SMALL.last + 1)) - taken)


@pytest.mark.parametrize("word", [0, 2**63, 2**64 - 1])
def test_the_free_set_needs_no_good_dice(word: int) -> None:
    """Dice that repeat themselves still get every ID, once."""
    free = FreeSet([], SMALL)
    assert sorted(free.draw(60, words(word)) + free.draw(60, words(word))) == list(
        range(SMALL.first, SMALL.last + 1)
    )


def test_what_is_put_back_is_drawn_again() -> None:
    """Once."""
    free = FreeSet(range(FIRST_ID + 10, FIRST_ID + 100), SMALL)
    drawn = free.draw(6, seeded(1))
    free.put_back(drawn[:4])
    free.put_back([])
    assert len(free) == 8
    assert sorted(free.draw(100, seeded(2)) + drawn[4:]) == list(range(FIRST_ID, FIRST_ID + 10))


def test_the_free_set_is_uniform() -> None:
    """Each free ID is as likely as any other to be drawn first."""
    taken = range(FIRST_ID, FIRST_ID + 90)
    dice = seeded(6)
    first = Counter(FreeSet(taken, SMALL).draw(3, dice)[0] for _ in range(5_000))
    assert abs(chi_square(list(first.values()), 500)) < SIGMAS
    assert len(first) == 10


def test_threads_share_a_free_set() -> None:
    """No two of them draw the same ID."""
    space = Space(FIRST_ID, FIRST_ID + 19_999)
    free = FreeSet([], space)
    barrier = threading.Barrier(4)

    def take(_: int) -> list[int]:
        barrier.wait()
        return [i for _ in range(500) for i in free.draw(10, os.urandom)]

    with ThreadPoolExecutor(4) as pool:
        drawn = [i for part in pool.map(take, range(4)) for i in part]
    assert sorted(drawn) == list(range(space.first, space.last + 1))


def test_a_draw_that_comes_between_waits() -> None:
    """While one thread is throwing its dice another one takes nothing out."""
    free = FreeSet([], Space(FIRST_ID, FIRST_ID + 1))
    others: list[int] = []
    other = threading.Thread(target=lambda: others.extend(free.draw(2, seeded(1))))

    def dice(count: int) -> bytes:
        other.start()
        other.join(timeout=0.1)
        return bytes(count)

    assert sorted(free.draw(2, dice)) == [FIRST_ID, FIRST_ID + 1]
    other.join(timeout=30)
    assert others == []


# PINs.


@pytest.mark.parametrize("length", [4, 5, 8, 12])
def test_a_pin_has_its_length_and_is_never_trivial(length: int) -> None:
    """No repeated digit, no run up or down."""
    dice = seeded(7)
    for _ in range(20_000):
        pin = draw_pin(length, dice)
        assert len(pin) == length
        assert pin.isascii()
        assert pin.isdigit()
        steps = {int(b) - int(a) for a, b in pairwise(pin)}
        assert steps not in ({0}, {1}, {-1})


def test_trivial_pins_are_thrown_again() -> None:
    """Words that spell 5555 and 4567 and 4321 are passed over."""

    def spelled(digits: str) -> list[int]:
        return [(int(digit) << 64) // 10 + 1 for digit in digits]

    dice = words(*spelled("5555456743214566"))
    assert draw_pin(4, dice) == "4566"
    assert draw_pin(4, words(*spelled("8901"))) == "8901"


def test_pin_digits_are_uniform() -> None:
    """At every place; leading zeros too."""
    dice = seeded(8)
    pins = [draw_pin(5, dice) for _ in range(50_000)]
    for place in range(5):
        counts = Counter(pin[place] for pin in pins)
        assert len(counts) == 10
        assert abs(chi_square(list(counts.values()), len(pins) / 10)) < SIGMAS


def test_dice_that_give_only_trivial_pins_dont_hang() -> None:
    """They are an error."""
    with pytest.raises(ValueError, match="trivial"):
        draw_pin(5, words(0))
