#include "wv_vec.h"

WV_ISA_CHOICE(wv_vec)
