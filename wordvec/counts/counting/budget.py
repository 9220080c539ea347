"""How many threads, blocks and cells read ahead a memory budget allows.

What the process holds already (the interpreter, the libraries, the vocabulary, ids in memory) is
not estimated but asked for. What is estimated is what comes on top, from the sizes of the arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from wordvec.system.files import log
from wordvec.system.memory import give_back, resident_memory

if TYPE_CHECKING:
    from wordvec.text.corpus import Corpus

CELL_BUFFER = 1 << 18  # cells in the buffer that a thread writes rows to
LEAST_BLOCK = 16 << 20  # bytes for a block, whatever the budget: a run has 4 bytes per word beside
# its cells, and many small ones would be larger than the corpus
LEAST_AHEAD = 1 << 16  # cells of a row tile that are read at once from all runs
MOST_BLOCK = (1 << 32) - (1 << 21)  # tokens: places in a block have 32 bits

CELL = 12  # bytes of a cell with its exact count
STORED = 6  # bytes of a cell in a tile
# A thread has the cells of a row tile and its tiles; two more row tiles wait to be written.
CELL_OF_THREAD = CELL + 3 * STORED
# Cells per token of a block and per word of the window. Measured: .23 for 11 million tokens of
# Wikipedia, .30 for 2 million, .40 for 400,000; a directed matrix has as many.
CELLS = 0.35


class Plan(NamedTuple):
    """What a budget allows.

    Attributes
    ----------
    threads : int
    blocks : float
        How many blocks the corpus must be cut into, rounded up; a count that is gone on with may
        have a few less.
    """

    threads: int
    blocks: float


def thread_bytes(words: int) -> int:
    """Bytes of a thread for which the number of cells does not matter: its accumulator, its
    buffers, and the sums of three row tiles."""
    return 9 * words + CELL * max(words, CELL_BUFFER) + 3 * 16 * words


def room(memory: int) -> int:
    """Bytes of a budget that are free now."""
    give_back()
    return memory - resident_memory()


def _token_bytes(window: int, k: int, threads: int) -> float:
    """Bytes of a token of a block: its id, its place in the index, and its cells while their row
    tile is with a thread."""
    return 8 + CELL_OF_THREAD * threads * CELLS * window / k


def block_tokens(words: int, window: int, k: int, memory: int) -> int:
    """Tokens of a block that one thread counts in half of so many bytes; the other half is for what
    else the process holds."""
    rest = max(memory // 2 - 8 * words - thread_bytes(words), LEAST_BLOCK)
    return min(max(int(rest / _token_bytes(window, k, 1)), 1 << 12), MOST_BLOCK)


def plan_blocks(corpus: Corpus, window: int, k: int, memory: int, threads: int) -> Plan:
    """Threads and blocks to count a corpus with: as many threads as asked for, or fewer where
    their memory would more than double the number of blocks."""
    words, tokens, free = len(corpus.vocab), len(corpus.ids), room(memory)
    table = 8 * words

    def blocks(threads: int) -> float:
        rest = free - table - threads * thread_bytes(words)
        if rest < LEAST_BLOCK:
            rest = max(memory // 4, LEAST_BLOCK) if threads == 1 else 0
        size = min(max(int(rest / _token_bytes(window, k, threads)), 1 << 12), MOST_BLOCK)
        return tokens / size

    if free - table - thread_bytes(words) < LEAST_BLOCK:
        log.warning(
            "memory: %d MB is too little: what is loaded takes %d MB, and counting %d MB at least",
            memory >> 20,
            memory - free >> 20,
            table + thread_bytes(words) + LEAST_BLOCK >> 20,
        )
    few = max(2 * blocks(1), 1.0)
    while threads > 1 and blocks(threads) > few:
        threads -= 1
    return Plan(threads, blocks(threads))


def plan_merge(cells: Sequence[int], words: int, memory: int, threads: int) -> tuple[int, int]:
    """Threads to merge runs with, and how many cells each reads ahead.

    Parameters
    ----------
    cells : sequence of int
        The cells of each row tile in all runs: at most as many are in their sum.
    memory : int
        Bytes for all of it; see `room`.
    """
    largest = max(cells, default=0)
    each = thread_bytes(words) + CELL_OF_THREAD * largest
    threads = max(min(threads, memory // (each + 2 * CELL * LEAST_AHEAD)), 1)
    ahead = (memory // threads - each) // (2 * CELL)
    return threads, min(max(ahead, LEAST_AHEAD), max(largest, 1))
