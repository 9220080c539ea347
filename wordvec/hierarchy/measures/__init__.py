"""How well vectors hold a hierarchy: ranks, distortion, entailment, exact planar distances."""
