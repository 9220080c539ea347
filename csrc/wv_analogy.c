/* The choice of the instruction set; see the header. */
#include "wv_analogy.h"

WV_ISA_CHOICE(wv_analogy)
