def available() -> tuple[str, ...]:
    """Names of the instruction sets that run here, worst first: scalar, neon, avx2, avx512,
    avx512_bf16, which is AVX-512 with products of bfloat16 as fast as those of floats."""

def isa() -> str:
    """Name of the instruction set in use (the last of `available`, or WORDVEC_ISA)."""

def use(name: str) -> None:
    """Makes an instruction set of this machine the one in use, for kernels that are made from now
    on: workers of a cluster agree on one. ValueError for one that does not run here."""
