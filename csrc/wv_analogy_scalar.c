/* The same loops as the compiler's own target allows them. */
#define WV_TARGET
#define WV_SIMD(name) name##_scalar
#include "wv_analogy_loops.h"
