from typing import Any

import numpy as np
from numpy.typing import NDArray

LANES: int
GROUP: int
GEOMETRIES: tuple[str, ...]

def key(a: int, b: int, c: int) -> int: ...
def order(key: int, out: NDArray[np.int64]) -> None: ...

class Space:
    rows: NDArray[np.float64]
    def __init__(
        self, rows: NDArray[np.float64], dim: int, geometry: str, max_norm: float
    ) -> None: ...
    def refresh(self, rows: NDArray[np.float64]) -> None: ...

class Groups:
    arrays: tuple[Any, ...]
    def __init__(
        self,
        n_nodes: int,
        child: NDArray[np.int32],
        start: NDArray[np.int64],
        parent: NDArray[np.int32],
        parents_from: NDArray[np.int64],
        parents: NDArray[np.int32],
        weight: NDArray[np.float64] | None = None,
    ) -> None: ...
    def __len__(self) -> int: ...

def train(
    space: Space,
    groups: Groups,
    order: NDArray[np.int64],
    key: int,
    rate: float,
    negative: int,
    pool: NDArray[np.int32] | None = None,
    hot: NDArray[np.float64] | None = None,
    translation: NDArray[np.float64] | None = None,
    isa: str | None = None,
) -> tuple[float, int]: ...
def rank(
    packed: NDArray[np.float64],
    n_nodes: int,
    boxes: NDArray[np.float64],
    leaf: NDArray[np.int32],
    queries: NDArray[np.float64],
    self_ids: NDArray[np.int32],
    wanted: NDArray[np.int64],
    wanted_node: NDArray[np.int32],
    hidden: NDArray[np.int64],
    hidden_node: NDArray[np.int32],
    first: int,
    last: int,
    rank_out: NDArray[np.float64],
    precision_out: NDArray[np.float64],
    isa: str | None = None,
) -> None: ...
