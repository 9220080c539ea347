/* Exact filtered ranks: the second half of the template wv_hyper_simd.h, included by it.
 *
 * A node's distance rises with |q - x|^2 scale(x) in every geometry (scale = 1 / (1 - |x|^2) in the
 * ball, 1 in flat space), so a rank needs no arcosh, no sort and no V x V matrix: each node's score
 * is compared with the query's farthest wanted node, and only the few that are nearer are looked
 * at. Queries go four at a time, so that a packed block of nodes is read once for four; and the
 * nodes lie in leaves, neighbours together, of which only those are read whose boxes come within
 * the limit of one of the four: some three of a hundred for the nouns of WordNet in 10 dimensions.
 */

#define RANK_QUERIES 4

/* In many dimensions, or before training, boxes spare little. Where they spared less than a quarter
 * of the leaves, so many groups of queries go by without asking them. */
#define RANK_UNASKED 15

/* What a box's score may lie above that of a node in it, by rounding: both are sums of the same
 * order, but a compiler may make one of fused products and the other not. */
#define RANK_SLACK (1 + 1e-12)

/* What is known of one query while the blocks go by. */
typedef struct rank_query {
    const double *point;
    double limit;        /* score of the farthest wanted node */
    double *score, *add; /* (m) rising; (m + 1) what each place adds to the ranks from there on */
    int32_t *node;       /* (m) the wanted nodes in the order of their scores */
    int64_t hidden, hidden_end;
    int32_t m, self;
} rank_query;

/* Scores of the 8 nodes of a block for four queries. Never inlined: the wanted nodes' scores and
 * the others' must come from the same instructions, or ties would break by rounding. */
__attribute__((noinline)) WV_TARGET
static void WV_SIMD(rank_scores)(const double *block, const rank_query *Q, int32_t dim,
                                 double *out) {
    const double *q0 = Q[0].point, *q1 = Q[1].point, *q2 = Q[2].point, *q3 = Q[3].point;
    for (int part = 0; part < 8 / VD_LANES; part++) {
        const vd *x = (const vd *)(block + part * VD_LANES);
        vd s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        for (int32_t k = 0; k < dim; k++, x += 8 / VD_LANES) {
            const vd d0 = *x - q0[k], d1 = *x - q1[k], d2 = *x - q2[k], d3 = *x - q3[k];
            s0 += d0 * d0;
            s1 += d1 * d1;
            s2 += d2 * d2;
            s3 += d3 * d3;
        }
        *(vd *)(out + part * VD_LANES) = s0 * *x;
        *(vd *)(out + 8 + part * VD_LANES) = s1 * *x;
        *(vd *)(out + 16 + part * VD_LANES) = s2 * *x;
        *(vd *)(out + 24 + part * VD_LANES) = s3 * *x;
    }
}

/* Which of 8 scores are <= limit, as bits. */
STEP_FN unsigned scores_within(const double *score, double limit) {
    unsigned bits = 0;
#if defined(WV_LANES_WITHIN)
    for (int part = 0; part < 8 / VD_LANES; part++)
        bits |= WV_LANES_WITHIN(score + part * VD_LANES, limit) << (part * VD_LANES);
#else
    for (int k = 0; k < 8; k++) bits |= (unsigned)(score[k] <= limit) << k;
#endif
    return bits;
}

STEP_FN vd least_of(vd a, vd b) {
#if defined(WV_LANES_MIN)
    return WV_LANES_MIN(a, b);
#else
    for (int k = 0; k < VD_LANES; k++) a[k] = a[k] < b[k] ? a[k] : b[k];
    return a;
#endif
}

STEP_FN vd greatest_of(vd a, vd b) {
#if defined(WV_LANES_MAX)
    return WV_LANES_MAX(a, b);
#else
    for (int k = 0; k < VD_LANES; k++) a[k] = a[k] > b[k] ? a[k] : b[k];
    return a;
#endif
}

/* Which of 8 leaves may hold a node within the limit of one of four queries, as bits: no node of a
 * leaf scores less than the nearest point of its box with its least scale. */
STEP_FN unsigned leaves_within(const double *box, const rank_query *Q, int32_t dim) {
    _Alignas(64) double scores[RANK_QUERIES * 8];
    for (int part = 0; part < 8 / VD_LANES; part++) {
        const vd *low = (const vd *)(box + part * VD_LANES), *high = low + dim * (8 / VD_LANES);
        const vd *scale = high + dim * (8 / VD_LANES), zero = {0};
        vd s[RANK_QUERIES] = {{0}};
        for (int32_t k = 0; k < dim; k++, low += 8 / VD_LANES, high += 8 / VD_LANES)
            for (int i = 0; i < RANK_QUERIES; i++) {
                const double q = Q[i].point[k];
                const vd d = greatest_of(*low - q, least_of(*high - q, zero));
                s[i] += d * d;
            }
        for (int i = 0; i < RANK_QUERIES; i++)
            *(vd *)(scores + i * 8 + part * VD_LANES) = s[i] * *scale;
    }
    unsigned bits = 0;
    for (int i = 0; i < RANK_QUERIES; i++)
        bits |= scores_within(scores + i * 8, Q[i].limit * RANK_SLACK);
    return bits;
}

/* Sorts the wanted nodes by their scores (few: insertion), and clears the counts. */
STEP_FN void rank_begin(const wv_hyper_ranking *K, rank_query *Q, int i, int64_t from) {
    rank_query *q = Q + i;
    q->limit = -1;
    for (int32_t j = 0; j < q->m; j++) {
        const int32_t w = K->wanted_node[from + j];
        _Alignas(64) double scores[RANK_QUERIES * 8];
        WV_SIMD(rank_scores)(K->packed + (ptrdiff_t)(w / 8) * (K->dim + 1) * 8, Q, K->dim, scores);
        const double score = scores[i * 8 + w % 8];
        int32_t place = j;
        for (; place > 0 && q->score[place - 1] > score; place--) {
            q->score[place] = q->score[place - 1];
            q->node[place] = q->node[place - 1];
        }
        q->score[place] = score;
        q->node[place] = j;
        q->limit = fmax(q->limit, score);
    }
    for (int32_t j = 0; j <= q->m; j++) q->add[j] = 0;
}

/* Node w is within the query's limit: counts it, unless it is hidden. Nodes come in rising order.
 */
STEP_FN void rank_count(const wv_hyper_ranking *K, rank_query *q, int32_t w, double score) {
    while (q->hidden < q->hidden_end && K->hidden_node[q->hidden] < w) q->hidden++;
    if (w == q->self || (q->hidden < q->hidden_end && K->hidden_node[q->hidden] == w)) return;
    int32_t low = 0, high = q->m;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (q->score[middle] < score)
            low = middle + 1;
        else
            high = middle;
    }
    int32_t above = low;
    while (above < q->m && q->score[above] == score) above++;
    q->add[low] += 0.5; /* places [low, above) tie with w: a half; those from above on: one */
    q->add[above] += 0.5;
}

/* Counts the nodes of blocks [from, to) that are within the limits of the queries. */
STEP_FN void rank_leaf(const wv_hyper_ranking *K, rank_query *Q, int32_t from, int32_t to) {
    const ptrdiff_t size = (ptrdiff_t)(K->dim + 1) * 8;
    for (int32_t block = from; block < to; block++) {
        _Alignas(64) double scores[RANK_QUERIES * 8];
        WV_SIMD(rank_scores)(K->packed + block * size, Q, K->dim, scores);
        for (int i = 0; i < RANK_QUERIES; i++) {
            unsigned near = scores_within(scores + i * 8, Q[i].limit);
            for (int lane = 0; near; lane++, near >>= 1)
                if (near & 1) rank_count(K, Q + i, block * 8 + lane, scores[i * 8 + lane]);
        }
    }
}

WV_TARGET
static void WV_SIMD(rank)(const wv_hyper_ranking *K, ptrdiff_t first, ptrdiff_t last, void *scratch,
                          double *rank, double *precision) {
    const ptrdiff_t box = (2 * (ptrdiff_t)K->dim + 1) * 8;
    int unasked = 0;
    for (ptrdiff_t base = first; base < last; base += RANK_QUERIES) {
        rank_query Q[RANK_QUERIES];
        double *free = scratch;
        /* A group that is not full repeats its last query, and drops what comes of it. */
        for (int i = 0; i < RANK_QUERIES; i++) {
            const ptrdiff_t j = base + i < last ? base + i : last - 1;
            rank_query *q = Q + i;
            q->point = K->queries + j * K->dim;
            q->self = K->self[j];
            q->m = (int32_t)(K->wanted[j + 1] - K->wanted[j]);
            q->hidden = K->hidden[j];
            q->hidden_end = K->hidden[j + 1];
            q->score = free;
            q->add = q->score + q->m;
            q->node = (int32_t *)(q->add + q->m + 1);
            free = q->add + q->m + 1 + (q->m + 1) / 2;
        }
        for (int i = 0; i < RANK_QUERIES; i++)
            rank_begin(K, Q, i, K->wanted[base + i < last ? base + i : last - 1]);
        if (unasked) {
            unasked--;
            rank_leaf(K, Q, K->leaf[0], K->leaf[K->n_leaves]);
        } else {
            ptrdiff_t seen = 0;
            for (ptrdiff_t l = 0; l < K->n_leaves; l += 8) {
                unsigned within = leaves_within(K->boxes + l / 8 * box, Q, K->dim);
                for (ptrdiff_t at = l; within && at < K->n_leaves; at++, within >>= 1)
                    if (within & 1) {
                        seen++;
                        rank_leaf(K, Q, K->leaf[at], K->leaf[at + 1]);
                    }
            }
            if (seen > K->n_leaves * 3 / 4) unasked = RANK_UNASKED;
        }
        for (int i = 0; i < RANK_QUERIES && base + i < last; i++) {
            double ahead = 1;
            for (int32_t j = 0; j < Q[i].m; j++) {
                ahead += Q[i].add[j];
                const int64_t at = K->wanted[base + i] + Q[i].node[j];
                rank[at] = ahead;
                precision[at] = (1 + j) / (ahead + j);
            }
        }
    }
}
