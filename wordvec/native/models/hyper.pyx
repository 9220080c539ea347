# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Training of hierarchy embeddings and their exact ranks."""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from wordvec.native cimport cpu
from wordvec.native.common cimport WV_ERR_NONFINITE, wv_status
from wordvec.native.cpu cimport wv_isa

cdef extern from "wv_hyper.h" nogil:
    int WV_HYPER_LANES
    int WV_HYPER_GROUP
    ctypedef struct wv_hyper_space:
        double *X
        Py_ssize_t V, stride
        int32_t dim, geometry
        double max_norm
    ctypedef struct wv_hyper_relations:
        Py_ssize_t n_groups
        const int32_t *child
        const int64_t *start
        const int32_t *parent
        const double *weight
        const int64_t *parents_from
        const int32_t *parents
        const uint64_t *bloom
    ctypedef struct wv_hyper_worker:
        uint64_t key
        double rate
        int32_t negative
        const int32_t *pool
        Py_ssize_t n_pool
        double *hot
        Py_ssize_t n_hot
        double *translation
        void *scratch
        double loss
        int64_t held
    ctypedef struct wv_hyper_ranking:
        const double *packed
        Py_ssize_t V
        int32_t dim
        const double *boxes
        const int32_t *leaf
        Py_ssize_t n_leaves
        const double *queries
        const int32_t *self
        const int64_t *wanted
        const int32_t *wanted_node
        const int64_t *hidden
        const int32_t *hidden_node
    ctypedef struct wv_hyper:
        wv_status (*train)(const wv_hyper_space *, const wv_hyper_relations *, wv_hyper_worker *,
                     const int64_t *, Py_ssize_t) noexcept nogil
        void (*rank)(const wv_hyper_ranking *, Py_ssize_t, Py_ssize_t, void *, double *,
                     double *) noexcept nogil
    const wv_hyper *wv_hyper_for(wv_isa) noexcept nogil
    Py_ssize_t wv_hyper_scratch(int32_t, Py_ssize_t) noexcept nogil
    Py_ssize_t wv_hyper_rank_scratch(Py_ssize_t) noexcept nogil
    void wv_hyper_bloom(const int64_t *, const int32_t *, Py_ssize_t, uint64_t *) noexcept nogil
    void wv_hyper_refresh(const wv_hyper_space *, double *, Py_ssize_t) noexcept nogil

cdef extern from "wv_rng.h" nogil:
    ctypedef struct wv_rng:
        uint64_t state
    void wv_rng_order(wv_rng *, int64_t *, int64_t) noexcept
    uint64_t wv_rng_key(uint64_t, uint64_t, uint64_t) noexcept nogil

LANES = WV_HYPER_LANES
GROUP = WV_HYPER_GROUP
GEOMETRIES = ("poincare", "lorentz", "euclidean", "translation")


def key(uint64_t a, uint64_t b, uint64_t c):
    return wv_rng_key(a, b, c)


def order(uint64_t key, int64_t[::1] out):
    cdef wv_rng rng
    if out.shape[0] >= 1 << 32:
        raise ValueError("fewer than 2^32 groups expected")
    if out.shape[0]:
        rng.state = key
        with nogil:
            wv_rng_order(&rng, &out[0], out.shape[0])


cdef int _ids(const int32_t[::1] ids, Py_ssize_t n, str name) except -1:
    cdef Py_ssize_t i
    for i in range(ids.shape[0]):
        if ids[i] < 0 or ids[i] >= n:
            raise ValueError(f"{name} must be ids in [0, {n}), got {ids[i]}")
    return 0


cdef int _starts(const int64_t[::1] starts, Py_ssize_t rows, Py_ssize_t total, str name) except -1:
    cdef Py_ssize_t i
    if starts.shape[0] != rows + 1 or starts[0] != 0 or starts[rows] != total:
        raise ValueError(f"{name} must have {rows + 1} offsets from 0 to {total}")
    for i in range(rows):
        if starts[i + 1] < starts[i]:
            raise ValueError(f"{name} must not fall")
    return 0


cdef int _rising(const int64_t[::1] starts, const int32_t[::1] ids, str name) except -1:
    cdef Py_ssize_t i
    cdef int64_t j
    for i in range(starts.shape[0] - 1):
        for j in range(starts[i] + 1, starts[i + 1]):
            if ids[j - 1] >= ids[j]:
                raise ValueError(f"{name} must rise within a row")
    return 0


cdef class Space:
    """Points of a geometry: a padded matrix with the cached column."""

    cdef wv_hyper_space c
    cdef double[:, ::1] rows_
    cdef readonly object rows

    def __init__(self, rows, Py_ssize_t dim, str geometry, double max_norm):
        cdef double[:, ::1] view = rows
        if geometry not in GEOMETRIES:
            raise ValueError(f"geometry must be one of {GEOMETRIES}, got {geometry!r}")
        if dim < 1 or view.shape[1] <= dim or view.shape[1] % WV_HYPER_LANES:
            raise ValueError(f"rows of {view.shape[1]} doubles cannot hold {dim} dimensions")
        if view.shape[0] < 1 or view.shape[0] >= 1 << 31:
            raise ValueError(f"between 1 and 2^31 nodes expected, got {view.shape[0]}")
        if <size_t>&view[0, 0] % 64:
            raise ValueError("rows must be aligned to 64 bytes")
        if not max_norm > 0:
            raise ValueError(f"max_norm must be > 0, got {max_norm}")
        self.rows = rows
        self.rows_ = view
        self.c.X = &view[0, 0]
        self.c.V, self.c.stride = view.shape[0], view.shape[1]
        self.c.dim, self.c.geometry = dim, GEOMETRIES.index(geometry)
        self.c.max_norm = max_norm

    def refresh(self, double[:, ::1] rows):
        if rows.shape[1] != self.c.stride:
            raise ValueError("rows of another width")
        if rows.shape[0]:
            with nogil:
                wv_hyper_refresh(&self.c, &rows[0, 0], rows.shape[0])


cdef class Groups:
    """Relations in groups, and the true parents of every node."""

    cdef wv_hyper_relations c
    cdef uint64_t *bloom
    cdef readonly tuple arrays

    def __init__(self, Py_ssize_t n_nodes, const int32_t[::1] child, const int64_t[::1] start,
                 const int32_t[::1] parent, const int64_t[::1] parents_from,
                 const int32_t[::1] parents, const double[::1] weight=None):
        cdef Py_ssize_t i
        if not child.shape[0] or not parents.shape[0]:
            raise ValueError("no relations")
        _ids(child, n_nodes, "child")
        _ids(parent, n_nodes, "parent")
        _ids(parents, n_nodes, "parents")
        _starts(start, child.shape[0], parent.shape[0], "start")
        _starts(parents_from, n_nodes, parents.shape[0], "parents_from")
        _rising(parents_from, parents, "parents")
        for i in range(child.shape[0]):
            if not 1 <= start[i + 1] - start[i] <= WV_HYPER_GROUP:
                raise ValueError(f"a group has 1 to {WV_HYPER_GROUP} relations")
        if weight is not None and weight.shape[0] != parent.shape[0]:
            raise ValueError("one weight a relation expected")
        self.arrays = (child, start, parent, parents_from, parents, weight)
        self.c.n_groups = child.shape[0]
        self.c.child, self.c.start, self.c.parent = &child[0], &start[0], &parent[0]
        self.c.parents_from, self.c.parents = &parents_from[0], &parents[0]
        self.c.weight = NULL
        if weight is not None:
            self.c.weight = &weight[0]

        self.bloom = <uint64_t *>malloc(n_nodes * sizeof(uint64_t))
        if self.bloom == NULL:
            raise MemoryError("bloom")
        wv_hyper_bloom(&parents_from[0], &parents[0], n_nodes, self.bloom)
        self.c.bloom = self.bloom

    def __dealloc__(self):
        free(self.bloom)

    def __len__(self):
        return self.c.n_groups


def train(Space space, Groups groups, const int64_t[::1] order, uint64_t key, double rate,
          Py_ssize_t negative, const int32_t[::1] pool=None, double[:, ::1] hot=None,
          double[::1] translation=None, isa=None):
    cdef wv_hyper_worker w
    cdef Py_ssize_t i, size
    cdef const wv_hyper *table = wv_hyper_for(cpu.parse(isa))
    cdef wv_status status
    if not 1 <= negative < 1 << 24:
        raise ValueError(f"negative must be in [1, 2^24), got {negative}")
    if groups.arrays[3].shape[0] != space.c.V + 1:
        raise ValueError("groups and space have different numbers of nodes")
    for i in range(order.shape[0]):
        if order[i] < 0 or order[i] >= groups.c.n_groups:
            raise ValueError(f"no group {order[i]}")
    w.key, w.rate, w.negative = key, rate, negative
    w.pool, w.n_pool, w.hot, w.n_hot, w.translation = NULL, 0, NULL, 0, NULL
    w.loss, w.held = 0, 0
    if pool is not None:
        _ids(pool, space.c.V, "pool")
        if not 1 <= pool.shape[0] < 1 << 32:
            raise ValueError("pool must have 1 to 2^32 nodes")
        w.pool, w.n_pool = &pool[0], pool.shape[0]
    if hot is not None and hot.shape[0]:
        if hot.shape[1] != space.c.stride or hot.shape[0] > space.c.V:
            raise ValueError("hot must be a copy of the first rows")
        w.hot, w.n_hot = &hot[0, 0], hot.shape[0]
    if space.c.geometry == 3:
        if translation is None or translation.shape[0] != space.c.stride:
            raise ValueError("translation must be one row")
        w.translation = &translation[0]
    if (w.hot and <size_t>w.hot % 64) or (w.translation and <size_t>w.translation % 64):
        raise ValueError("rows must be aligned to 64 bytes")
    if not order.shape[0]:
        return 0.0, 0
    size = wv_hyper_scratch(<int32_t>negative, space.c.stride)
    cdef char *memory = <char *>calloc(size + 64, 1)
    if memory == NULL:
        raise MemoryError(size)
    w.scratch = memory + (64 - <size_t>memory % 64) % 64
    with nogil:
        status = table.train(&space.c, &groups.c, &w, &order[0], order.shape[0])
    free(memory)
    if status == WV_ERR_NONFINITE:
        raise FloatingPointError("the loss is not a number")
    return w.loss, w.held


def rank(const double[:, :, ::1] packed, Py_ssize_t n_nodes, const double[:, :, ::1] boxes,
         const int32_t[::1] leaf, const double[:, ::1] queries,
         const int32_t[::1] self_ids, const int64_t[::1] wanted, const int32_t[::1] wanted_node,
         const int64_t[::1] hidden, const int32_t[::1] hidden_node, Py_ssize_t first,
         Py_ssize_t last, double[::1] rank_out, double[::1] precision_out, isa=None):
    cdef wv_hyper_ranking r
    cdef const wv_hyper *table = wv_hyper_for(cpu.parse(isa))
    cdef Py_ssize_t n = queries.shape[0], i, most = 0
    if packed.shape[0] != (n_nodes + 7) // 8 or packed.shape[2] != 8:
        raise ValueError("packed must be blocks of 8 nodes")
    if packed.shape[1] != queries.shape[1] + 1 or self_ids.shape[0] != n:
        raise ValueError("queries and nodes have different shapes")
    r.n_leaves = leaf.shape[0] - 1
    if boxes.shape[0] != (r.n_leaves + 7) // 8 or boxes.shape[2] != 8:
        raise ValueError("boxes must be blocks of 8 leaves")
    if boxes.shape[1] != 2 * queries.shape[1] + 1:
        raise ValueError("queries and boxes have different shapes")
    for i in range(r.n_leaves):
        if leaf[i] > leaf[i + 1]:
            raise ValueError("leaf must rise")
    if r.n_leaves < 0 or leaf[0] != 0 or leaf[r.n_leaves] != packed.shape[0]:
        raise ValueError("the leaves must hold all nodes")
    if not 0 <= first <= last <= n:
        raise ValueError(f"no queries {first} to {last} of {n}")
    if rank_out.shape[0] != wanted_node.shape[0] or precision_out.shape[0] != wanted_node.shape[0]:
        raise ValueError("outputs must have one place a wanted node")
    if first == last or not wanted_node.shape[0]:
        return
    _ids(wanted_node, n_nodes, "wanted nodes")
    _ids(hidden_node, n_nodes, "hidden nodes")
    _starts(wanted, n, wanted_node.shape[0], "wanted")
    _starts(hidden, n, hidden_node.shape[0], "hidden")
    _rising(hidden, hidden_node, "hidden nodes")
    for i in range(n):
        most = max(most, wanted[i + 1] - wanted[i])
    r.packed, r.V, r.dim = &packed[0, 0, 0], n_nodes, queries.shape[1]
    r.boxes, r.leaf = &boxes[0, 0, 0], &leaf[0]
    if <size_t>r.packed % 64 or <size_t>r.boxes % 64:
        raise ValueError("packed and boxes must be aligned to 64 bytes")
    r.queries, r.self = &queries[0, 0], &self_ids[0]
    r.wanted, r.wanted_node = &wanted[0], &wanted_node[0]
    r.hidden, r.hidden_node = &hidden[0], &hidden_node[0]
    cdef void *scratch = calloc(wv_hyper_rank_scratch(most), 1)
    if scratch == NULL:
        raise MemoryError
    with nogil:
        table.rank(&r, first, last, scratch, &rank_out[0], &precision_out[0])
    free(scratch)
