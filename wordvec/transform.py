"""Transforms of vectors: post-processing, and pipelines of transforms.

    from wordvec.transform import AllButTheTop, Pipeline, Unit
    better = Pipeline([AllButTheTop(n=2), Unit()]).fit_transform(vectors)

Every transform has `fit(vectors)` and `transform(vectors)`, which gives new vectors and never
changes its input. Affine ones have `matrix_` and `offset_`: `y = matrix_ @ x + offset_`.
"""

from wordvec.spaces.base import Affine, AffineTransform, Pipeline, Transform
from wordvec.spaces.post import PCA, AllButTheTop, Center, Unit, Whiten

__all__ = [
    "PCA",
    "Affine",
    "AffineTransform",
    "AllButTheTop",
    "Center",
    "Pipeline",
    "Transform",
    "Unit",
    "Whiten",
]
