/* What every kernel shares: status codes, restrict, alignment, how shapes are written.
 *
 * Conventions
 *   Shapes are (rows, columns), row-major; `stride` is the distance of two rows in elements.
 *   Matrices that kernels train have rows padded with zeros to WV_ROW_ALIGN bytes.
 *   Sizes and offsets are 64-bit; word ids are int32_t below 2^31 words.
 *   Callers own every buffer. A function checks what its header says that it checks.
 */
#ifndef WV_COMMON_H
#define WV_COMMON_H

#include <stddef.h>
#include <stdint.h>

typedef enum wv_status {
    WV_OK = 0,
    WV_ERR_MEMORY = -1,    /* an allocation failed */
    WV_ERR_RANGE = -2,     /* a value lies outside what the header allows */
    WV_ERR_FORMAT = -3,    /* bytes read from outside do not have the form they should have */
    WV_ERR_NONFINITE = -4, /* NaN or infinity appeared in a computation */
    WV_ERR_FULL = -5       /* the caller's buffer is too small */
} wv_status;

#define WV_ROW_ALIGN 64 /* bytes: one cache line, one AVX-512 register */
enum { WV_ROW_FLOATS = WV_ROW_ALIGN / (int)sizeof(float) };

/* Floats from one row of n values to the next. */
static inline ptrdiff_t wv_row_stride(ptrdiff_t n) {
    return (n + WV_ROW_FLOATS - 1) / WV_ROW_FLOATS * WV_ROW_FLOATS;
}

#if defined(__GNUC__) || defined(__clang__)
#define WV_LIKELY(x) __builtin_expect(!!(x), 1)
#define WV_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define WV_PREFETCH(p) __builtin_prefetch(p)
#define WV_PREFETCH_L2(p) __builtin_prefetch(p, 0, 2)
#define WV_INLINE static inline __attribute__((always_inline))
#define WV_NOINLINE __attribute__((noinline))
/* Whether a flag was up, and now it is; and down again. */
#define WV_TAKE(flag) __atomic_exchange_n(flag, 1, __ATOMIC_ACQUIRE)
#define WV_LET_GO(flag) __atomic_store_n(flag, 0, __ATOMIC_RELEASE)
#else
#define WV_LIKELY(x) (x)
#define WV_UNLIKELY(x) (x)
#define WV_PREFETCH(p) ((void)(p))
#define WV_PREFETCH_L2(p) ((void)(p))
#define WV_INLINE static inline
#define WV_NOINLINE
#if defined(_MSC_VER)
#include <intrin.h>
#define WV_TAKE(flag) _InterlockedExchange8((volatile char *)(flag), 1)
#define WV_LET_GO(flag) ((void)_InterlockedExchange8((volatile char *)(flag), 0))
#endif
#endif

/* Asks for the cache lines of n floats, as far as the second-level cache: rows that are to come
 * would push those in use out of the first level, which a window of rows fills. On an AMD EPYC
 * (family 25, model 17; caches of 32 KB, 1 MB and 32 MB), CPU-seconds per epoch of 17 million words
 * with rows sent to the first and to the second level: skip-gram 100 d 7.1, 6.7; 300 d 17.3, 14.0;
 * noise of its own 17.1, 13.7; CBOW 5.0, 4.3. */
static inline void wv_prefetch_row(const float *row, ptrdiff_t n) {
    for (ptrdiff_t c = 0; c < n; c += WV_ROW_FLOATS) WV_PREFETCH_L2(row + c);
}

#endif
