/* What this machine can do at skip-gram: one thread, one epoch, nothing checked and nothing saved.
 *
 *   skipgram IDS COUNTS DIM FOLD
 *
 * IDS holds int32 word ids (-1 ends a line), COUNTS an int64 for each word. Five noise words are
 * shared by the contexts of a centre, windows are drawn from 1 to 5, frequent words are thinned out
 * at 1e-3. With FOLD > 0 a word uses row (id mod FOLD) only, so that all rows lie in a cache: what
 * is left is arithmetic. Prints the epoch's CPU seconds. */
#include "wide.h"

enum { WINDOW = 5, NOISE = 5, OUTPUTS = NOISE + 1, AHEAD = 2, LINE = 1000 };

static int64_t stride, fold, words;
static float *input, *output;
static uint32_t *stays;
static struct {
    uint32_t threshold, other;
} *alias;

static float *row(float *of, int32_t word) {
    return of + (fold ? word % fold : word) * stride;
}

static int32_t noise(uint64_t *state) {
    const uint64_t bits = draw(state);
    const uint32_t i = (uint32_t)(((bits >> 32) * (uint64_t)words) >> 32);
    return (int32_t)((uint32_t)bits < alias[i].threshold ? i : alias[i].other);
}

/* Walker's table of count^.75. */
static void make_alias(const int64_t *counts) {
    double total = 0, *share = need(malloc((size_t)words * sizeof *share));
    int32_t *order = need(malloc((size_t)words * sizeof *order));
    int64_t small = 0, large = words;
    for (int64_t i = 0; i < words; i++) total += pow((double)counts[i], 0.75);
    for (int64_t i = 0; i < words; i++) {
        share[i] = pow((double)counts[i], 0.75) / total * (double)words;
        if (share[i] < 1)
            order[small++] = (int32_t)i;
        else
            order[--large] = (int32_t)i;
        alias[i].threshold = UINT32_MAX;
        alias[i].other = (uint32_t)i;
    }
    while (small > 0 && large < words) {
        const int32_t s = order[--small], l = order[large];
        alias[s].threshold = (uint32_t)fmin(share[s] * 0x1p32, 0xFFFFFFFFp0);
        alias[s].other = (uint32_t)l;
        if ((share[l] -= 1 - share[s]) < 1) order[small++] = l, large++;
    }
    free(share);
    free(order);
}

/* One step: all inputs against the observed output and the noise, at the values before it. */
static void step(float *const *in, int n, float *const *out, const int *counts_here, float alpha) {
    float g[OUTPUTS][2 * WINDOW];
    for (int i = 0; i < n; i += 2) {
        const float *x = in[i], *y = in[i + 1 < n ? i + 1 : i];
        wide a[OUTPUTS] = {{0}}, b[OUTPUTS] = {{0}};
        for (int64_t c = 0; c < stride; c += LANES) {
            const wide vx = *(const wide *)(x + c), vy = *(const wide *)(y + c);
            for (int k = 0; k < OUTPUTS; k++) {
                const wide o = *(const wide *)(out[k] + c);
                a[k] += vx * o;
                b[k] += vy * o;
            }
        }
        for (int k = 0; k < OUTPUTS; k++) {
            g[k][i] = sum_of(a[k]);
            if (i + 1 < n) g[k][i + 1] = sum_of(b[k]);
        }
    }
    for (int k = 0; k < OUTPUTS; k++)
        for (int i = 0; i < n; i++)
            g[k][i] = counts_here[k] ? alpha * ((k == 0) - 1 / (1 + expf(-g[k][i]))) : 0;
    for (int64_t c = 0; c < stride; c += LANES) {
        wide old[OUTPUTS], new[OUTPUTS];
        for (int k = 0; k < OUTPUTS; k++) old[k] = new[k] = *(const wide *)(out[k] + c);
        for (int i = 0; i < n; i++) {
            const wide x = *(const wide *)(in[i] + c);
            wide y = x;
            for (int k = 0; k < OUTPUTS; k++) {
                y += g[k][i] * old[k];
                new[k] += g[k][i] * x;
            }
            *(wide *)(in[i] + c) = y;
        }
        for (int k = 0; k < OUTPUTS; k++) *(wide *)(out[k] + c) = new[k];
    }
}

static void train(const int32_t *kept, int n, uint64_t *state, float alpha) {
    int32_t queue[AHEAD + 1][NOISE];
    for (int t = -AHEAD; t < n; t++) {
        int32_t *drawn = queue[(t + AHEAD) % (AHEAD + 1)];
        for (int k = 0; k < NOISE; k++) fetch(row(output, drawn[k] = noise(state)), (int)stride);
        if (t + 1 >= 0 && t + 1 < n) fetch(row(output, kept[t + 1]), (int)stride);
        if (t + WINDOW + 1 >= 0 && t + WINDOW + 1 < n)
            fetch(row(input, kept[t + WINDOW + 1]), (int)stride);
        if (t < 0) continue;
        float *in[2 * WINDOW], *out[OUTPUTS] = {row(output, kept[t])};
        int counts_here[OUTPUTS] = {1}, contexts = 0;
        const int32_t *ours = queue[t % (AHEAD + 1)];
        for (int k = 0; k < NOISE; k++) {
            out[k + 1] = row(output, ours[k]);
            counts_here[k + 1] = ours[k] != kept[t];
        }
        const int reach = 1 + (int)(draw(state) % WINDOW);
        for (int c = t - reach; c <= t + reach; c++)
            if (c >= 0 && c < n && c != t) in[contexts++] = row(input, kept[c]);
        if (contexts) step(in, contexts, out, counts_here, alpha);
    }
}

int main(int n_args, char **args) {
    if (n_args != 5) return fprintf(stderr, "usage: skipgram IDS COUNTS DIM FOLD\n"), 2;
    int64_t size, tokens = 0;
    const int32_t *ids = contents(args[1], &size);
    const int64_t n = size / (int64_t)sizeof *ids;
    const int64_t *counts = contents(args[2], &size);
    words = size / (int64_t)sizeof *counts;
    const int dim = atoi(args[3]);
    fold = atoll(args[4]);
    stride = (dim + LANES - 1) / LANES * LANES;
    stays = need(malloc((size_t)words * sizeof *stays));
    alias = need(malloc((size_t)words * sizeof *alias));
    for (int64_t w = 0; w < words; w++) tokens += counts[w];
    for (int64_t w = 0; w < words; w++) {
        const double x = (double)counts[w] / (1e-3 * (double)tokens), p = (sqrt(x) + 1) / x;
        stays[w] = p >= 1 ? UINT32_MAX : (uint32_t)(p * 0x1p32);
    }
    make_alias(counts);
    input = matrix(fold ? fold : words, stride);
    output = matrix(fold ? fold : words, stride);
    uint64_t state = 1;
    for (int64_t i = 0; i < (fold ? fold : words) * stride; i++)
        if (i % stride < dim)
            input[i] = ((float)(draw(&state) >> 40) * 0x1p-24f - 0.5f) / (float)dim;

    const double begin = cpu_seconds();
    int32_t kept[LINE];
    int held = 0;
    for (int64_t i = 0; i <= n; i++) {
        if (i == n || ids[i] < 0 || held == LINE) {
            train(kept, held, &state, 0.025f * (float)(n - i + 1) / (float)(n + 1));
            held = 0;
        }
        if (i < n && ids[i] >= 0 && (uint32_t)(draw(&state) >> 32) <= stays[ids[i]])
            kept[held++] = ids[i];
    }
    printf("%.4f\n", cpu_seconds() - begin);
    return 0;
}
