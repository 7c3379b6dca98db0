"""The player fetches ahead, waits where the source is slow, and after a jump lets go of what nobody waits for."""

import asyncio

import numpy as np
from store_frames import NOON

from cloudctl.playback.footage import CHUNK_SECONDS, Footage, Lights, LinkStates
from cloudctl.playback.player import AHEAD, KEPT, Player
from cloudctl.store.copy_reading import Stretches

START = NOON // CHUNK_SECONDS * CHUNK_SECONDS


class SlowSource:
    """Gives empty pieces, each when it is released; notes what was asked for and what was given up."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.given_up: list[float] = []
        self.open = asyncio.Event()

    async def fetch(self, start: float, end: float) -> Footage:
        self.asked.append(start - START)
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.given_up.append(start - START)
            raise
        none = np.empty(0, np.int64)
        small, large, time = none.astype(np.int16), none.astype(np.int32), none.astype(np.float64)
        points = Stretches(np.zeros(1, np.int64), none, none, none, none, large, large, small, small)
        return Footage(start, end, points, Lights(time, none, none, none), LinkStates(time, *(none,) * 6), (), ())


def player(source: SlowSource, clock: list[float]) -> Player:
    return Player(source, START, START + 600.0, lambda: clock[0])


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_next_pieces_are_fetched_while_one_is_shown() -> None:
    source = SlowSource()
    source.open.set()
    shown = player(source, [0.0])
    shown.seek(START + 101.0)
    await shown.scene()
    await settle()
    assert source.asked == [100.0, *(100.0 + CHUNK_SECONDS * n for n in range(1, AHEAD + 1))]
    await shown.close()


async def test_at_the_edge_of_a_piece_the_one_before_is_fetched_at_the_same_time() -> None:
    source = SlowSource()
    shown = player(source, [0.0])
    shown.seek(START + 100.2)
    asking = asyncio.create_task(shown.scene())
    await settle()
    assert source.asked == [100.0, 90.0]
    source.open.set()
    await asking
    await shown.close()


async def test_after_a_jump_nothing_is_fetched_any_more_that_nobody_waits_for() -> None:
    source = SlowSource()
    source.open.set()
    shown = player(source, [0.0])
    await shown.scene()
    source.open.clear()
    shown.seek(START + 25.0)
    asking = asyncio.create_task(shown.scene())
    await settle()
    shown.seek(START + 405.0)
    jumping = asyncio.create_task(shown.scene())
    await settle()
    assert 400.0 in source.asked
    assert all(start < 400.0 for start in source.given_up)
    source.open.set()
    assert (await jumping).time == START + 405.0
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await shown.close()


async def test_the_clock_waits_for_a_slow_source_and_goes_on_from_there() -> None:
    source, clock = SlowSource(), [0.0]
    shown = player(source, clock)
    shown.set_speed(16.0)
    shown.play()
    asking = asyncio.create_task(shown.scene())
    await settle()
    clock[0] += 5.0
    assert shown.waiting
    source.open.set()
    assert (await asking).time == START
    clock[0] += 1.0
    assert (await shown.scene()).time == START + 16.0
    await shown.close()


async def test_no_more_pieces_are_kept_than_are_needed() -> None:
    source = SlowSource()
    source.open.set()
    shown = player(source, [0.0])
    for minute in range(9):
        shown.seek(START + 60.0 * minute + 5.0)
        await shown.scene()
        await settle()
    assert len(shown._pieces) <= KEPT + AHEAD + 1
    await shown.close()
