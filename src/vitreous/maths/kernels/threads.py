"""Parts of a loop in threads: the compiled kernels release the interpreter's lock, so plain threads run side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import torch


def bounds(count: int, parts: int) -> list[tuple[int, int]]:
    """count items in at most `parts` even, non-empty ranges (start, stop)."""
    parts = max(1, min(parts, count))
    edges = [count * i // parts for i in range(parts + 1)]
    return list(pairwise(edges))


def in_parts(work: Callable[[int, int], None], count: int) -> None:
    """work(start, stop) over all items, one range for each of torch's threads; an exception in a part is raised here."""
    ranges = [pair for pair in bounds(count, torch.get_num_threads()) if pair[0] < pair[1]]
    if len(ranges) <= 1:
        for start, stop in ranges:
            work(start, stop)
        return
    with ThreadPoolExecutor(len(ranges)) as pool:
        for done in [pool.submit(work, start, stop) for start, stop in ranges]:
            done.result()
