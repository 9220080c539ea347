/* Embedding the nodes of a hierarchy: points of a manifold trained on relations (child, parent),
 * and the exact ranks that such points are judged by.
 *
 * Loss of a child u with parents v_1..v_m and negatives w_1..w_K that are no parents of u
 * (Nickel & Kiela 2017, eq. 5-6), summed over the m relations:
 *     - log( e^-d(u,v_i) / (e^-d(u,v_i) + sum_k e^-d(u,w_k)) )
 * where d is the geometry's distance. A group is a child with some of its parents; the negatives
 * are drawn once a group. A group of one relation is the published sampling; a group of all
 * parents shares the negatives between them, which costs 1/m of the work a negative.
 *
 * A row of X holds `dim` coordinates, zeros, and in its last column what the geometry caches:
 *     Poincare ball      1 - |x|^2
 *     Lorentz            x_0 = sqrt(1 + |x|^2), the coordinates being the spatial ones
 *     Euclidean, translation   0
 */
#ifndef WV_HYPER_H
#define WV_HYPER_H

#include "wv_common.h"
#include "wv_cpu.h"

#define WV_HYPER_LANES 8  /* rows are padded to so many doubles: one cache line */
#define WV_HYPER_GROUP 64 /* greatest number of relations in a group */

typedef enum wv_geometry {
    WV_POINCARE = 0,
    WV_LORENTZ = 1,
    WV_EUCLIDEAN = 2,  /* d = |u - x|^2 */
    WV_TRANSLATION = 3 /* d = |u - x + r|^2 with one r for all relations (TransE) */
} wv_geometry;

typedef struct wv_hyper_space {
    double *X; /* (V, stride), 64-byte aligned; stride a multiple of 8, greater than dim */
    ptrdiff_t V, stride;
    int32_t dim;
    int32_t geometry; /* wv_geometry */
    double max_norm;  /* coordinates are held within this Euclidean norm; < 1 in the ball */
} wv_hyper_space;

typedef struct wv_hyper_relations {
    ptrdiff_t n_groups;
    const int32_t *child;        /* (n_groups,) in [0, V) */
    const int64_t *start;        /* (n_groups + 1,): group g has parent[start[g]..start[g+1]) */
    const int32_t *parent;       /* (E,) in [0, V) */
    const double *weight;        /* (E,) multiplies a relation's loss; or NULL for ones */
    const int64_t *parents_from; /* (V + 1,): into parents */
    const int32_t *parents;      /* (E',): all true parents of a node, rising */
    const uint64_t *bloom;       /* (V,): what wv_hyper_bloom made of the node and its parents */
} wv_hyper_relations;

/* What one worker needs; nothing in it is shared with another worker that runs. */
typedef struct wv_hyper_worker {
    uint64_t key; /* of (seed, epoch): group g draws from (key, g), whoever trains it */
    double rate;  /* learning rate a relation */
    int32_t negative;
    const int32_t *pool; /* (n_pool,) nodes to draw negatives from; or NULL: all, uniformly */
    ptrdiff_t n_pool;
    double *hot; /* (n_hot, stride) private copy of rows [0, n_hot), or NULL */
    ptrdiff_t n_hot;
    double *translation; /* (stride,) private copy of r; WV_TRANSLATION only */
    void *scratch;       /* wv_hyper_scratch(negative) bytes, 64-byte aligned */
    double loss;         /* out: summed over relations */
    int64_t held;        /* out: how often a point was held at max_norm */
} wv_hyper_worker;

/* A pass of ranks; see rank below. */
typedef struct wv_hyper_ranking {
    const double *packed; /* (ceil(V / 8), dim + 1, 8): coordinates, then scale, of 8 nodes */
    ptrdiff_t V;
    int32_t dim;
    const double *boxes; /* (ceil(n_leaves / 8), 2 dim + 1, 8): of 8 leaves the least coordinates
                            of their nodes, the greatest, and the least scale */
    const int32_t *leaf; /* (n_leaves + 1,) rising: leaf l holds blocks leaf[l] to leaf[l + 1] */
    ptrdiff_t n_leaves;
    const double *queries;      /* (n_queries, dim) */
    const int32_t *self;        /* (n_queries,) the node that is left out as itself, or -1 */
    const int64_t *wanted;      /* (n_queries + 1,): into wanted_node */
    const int32_t *wanted_node; /* rising within a query */
    const int64_t *hidden;      /* (n_queries + 1,): into hidden_node */
    const int32_t *hidden_node; /* rising within a query, holds the wanted ones */
} wv_hyper_ranking;

typedef struct wv_hyper {
    /* Trains groups order[0..n) of the relations. WV_ERR_NONFINITE: the loss is not a number; the
     * points are then worthless. Not checked: ids, starts, alignment. */
    wv_status (*train)(const wv_hyper_space *, const wv_hyper_relations *, wv_hyper_worker *,
                       const int64_t *order, ptrdiff_t n);
    /* For queries [first, last): rank[j] of each wanted node j = 1 + the number of nodes that are
     * neither hidden nor the query itself with a smaller score |q - x|^2 scale(x), half of those
     * that tie; precision[j] = (1 + wanted ones ahead of j) / (rank[j] + wanted ones ahead of j),
     * wanted ones that tie counted in order of id. A leaf whose box lies beyond all that a query
     * counts is not read. scratch: wv_hyper_rank_scratch bytes. */
    void (*rank)(const wv_hyper_ranking *, ptrdiff_t first, ptrdiff_t last, void *scratch,
                 double *rank, double *precision);
} wv_hyper;

#define wv_hyper_neon wv_hyper_scalar /* 128-bit vectors as the compiler makes them */
WV_ISA_TABLES(wv_hyper);

ptrdiff_t wv_hyper_scratch(int32_t negative, ptrdiff_t stride);
/* most: the greatest number of wanted nodes of a query. */
ptrdiff_t wv_hyper_rank_scratch(ptrdiff_t most);

/* One word a node, from which most draws are seen to be no parents: bloom (V,) is filled. */
void wv_hyper_bloom(const int64_t *parents_from, const int32_t *parents, ptrdiff_t V,
                    uint64_t *bloom);

/* The bit of a node in a word of wv_hyper_bloom. */
static inline uint64_t wv_hyper_bit(int32_t id) {
    return UINT64_C(1) << (((uint32_t)id * UINT32_C(0x9E3779B1)) >> 26);
}

/* Fills the cached column of rows [0, n) and holds them within max_norm. */
void wv_hyper_refresh(const wv_hyper_space *space, double *rows, ptrdiff_t n);

#endif
