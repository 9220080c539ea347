/* The choice of the instruction set; see the header. */
#include "wv_best.h"

WV_ISA_CHOICE(wv_best)
