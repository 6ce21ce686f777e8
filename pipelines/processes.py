"""Work in parts that share nothing, done by several processes at once: by this one and, for each further core, by one more."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from pipelines.errors import StageError

_OBJECTS = 10_000  # made since the last look for garbage, before the next; Python's own number is 700
_Means = TypeVar("_Means")
_Result = TypeVar("_Result")


def spread(
    what: str,
    jobs: Sequence[Callable[[_Means], _Result]],
    own: _Means,
    begin: Callable[..., _Means],
    arguments: Sequence[Any] = (),
    *,
    threads: int = 0,
    alone: bool = False,
) -> list[_Result]:
    """The results of all jobs, in their order; the largest should come first.

    A job is called with the means to do it: in this process with `own`, in each other one with what `begin(*arguments)` makes there. Others take jobs
    from the front, this process takes them from the back. There are as many processes as `threads`, or as cores where that is 0, and only this one
    for work that is to be done `alone`. Raises StageError, which says `what` was done, when a process dies.
    """
    others = min(threads or os.cpu_count() or 1, len(jobs)) - 1
    waiting, results = deque(range(len(jobs))), {}

    def finish(take: Callable[[], int], work: Callable[[int], _Result]) -> None:
        while waiting:
            try:
                place = take()
            except IndexError:
                return
            results[place] = work(place)

    with _seldom_collected():
        if alone or others < 1 or multiprocessing.current_process().daemon:
            return [job(own) for job in jobs]
        context = multiprocessing.get_context("spawn")
        try:
            with ProcessPoolExecutor(others, context, _begin, (begin, arguments)) as pool, ThreadPoolExecutor(others) as at_hand:
                asked = [at_hand.submit(finish, waiting.popleft, lambda place: pool.submit(_do, jobs[place]).result()) for _ in range(others)]
                try:
                    finish(waiting.pop, lambda place: jobs[place](own))
                    for feeding in asked:
                        feeding.result()
                finally:
                    waiting.clear()
        except BrokenProcessPool as error:
            raise StageError(f"{what} ended in mid-air, probably for lack of memory; set threads to 1 and run again.") from error
    return [results[place] for place in range(len(jobs))]


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Has Python look for garbage less often: here it finds next to none, and looking took a fifth of the time of reports."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


_MEANS: list[Any] = []  # of another process: what its jobs are done with


def _begin(begin: Callable[..., Any], arguments: Sequence[Any]) -> None:
    gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])
    _MEANS.append(begin(*arguments))


def _do(job: Callable[[Any], _Result]) -> _Result:
    return job(_MEANS[0])
