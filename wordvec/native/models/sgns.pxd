# The kernels of an instruction set (None: the active one), a `const wv_sgns *`: another module uses
# them without compiling them again.
cdef const void *kernels(object isa) except NULL
