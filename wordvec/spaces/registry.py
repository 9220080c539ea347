"""The transforms by name: the one list from which commands, reports and tests take them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wordvec.spaces.base import Transform

# Name -> "module:class"; the module is imported when the transform is used.
TRANSFORMS: dict[str, str] = {
    "center": "wordvec.spaces.post:Center",
    "all-but-the-top": "wordvec.spaces.post:AllButTheTop",
    "whiten": "wordvec.spaces.post:Whiten",
    "pca": "wordvec.spaces.post:PCA",
    "unit": "wordvec.spaces.post:Unit",
    "leace": "wordvec.spaces.debiasing.leace:LEACE",
    "hard": "wordvec.spaces.debiasing.hard:HardDebias",
    "inlp": "wordvec.spaces.debiasing.inlp:INLP",
    "hsr": "wordvec.spaces.debiasing.regression:HSR",
    "soft": "wordvec.spaces.debiasing.soft:SoftDebias",
    "double-hard": "wordvec.spaces.debiasing.double_hard:DoubleHard",
    "ran": "wordvec.spaces.debiasing.ran:RAN",
    "procrustes": "wordvec.spaces.alignment.mapping:Procrustes",
    "vecmap": "wordvec.spaces.alignment.vecmap:VecMap",
    "rcsls": "wordvec.spaces.alignment.rcsls:RCSLS",
    "retrofit": "wordvec.spaces.lexicons.retrofit:Retrofit",
    "attract-repel": "wordvec.spaces.lexicons.specialise:AttractRepel",
    "counter-fit": "wordvec.spaces.lexicons.specialise:CounterFit",
    "affine": "wordvec.spaces.base:Affine",
    "pipeline": "wordvec.spaces.base:Pipeline",
}

# Those that need numbers only, so that a line of text can say all of them.
PLAIN = ("center", "all-but-the-top", "whiten", "pca", "unit")

# Those that map one space into another.
ALIGNMENT = ("procrustes", "vecmap", "rcsls")

# Those that fit vectors to lexicons.
LEXICONS = ("retrofit", "attract-repel", "counter-fit")

# Those that take an association with a concept out.
DEBIASING = ("leace", "hard", "inlp", "hsr", "soft", "double-hard", "ran")


def transform_class(name: str) -> type[Transform]:
    """The class of a name.

    Raises
    ------
    ValueError
        For a name that no transform has.
    """
    if name not in TRANSFORMS:
        raise ValueError(f"no transform {name!r}; one of: {', '.join(TRANSFORMS)}")
    module, attribute = TRANSFORMS[name].split(":")
    found: type[Transform] = getattr(importlib.import_module(module), attribute)
    return found


def parse(text: str) -> Transform:
    """A transform of text such as "all-but-the-top", "whiten:weights=tokens" or "pca:n=50".

    Raises
    ------
    ValueError
        For a name that no transform has, one that needs word lists, or an option that it lacks.
    """
    name, _, given = text.partition(":")
    kind = transform_class(name)
    if name not in PLAIN:
        raise ValueError(f"{name} needs more than numbers; one of: {', '.join(PLAIN)}")
    known = kind.options()
    options: dict[str, Any] = {}
    for part in filter(None, given.split(",")):
        key, _, value = part.partition("=")
        if key not in known:
            has = ", ".join(known) or "none"
            raise ValueError(f"{name} has no option {key!r}; it has {has}")
        try:
            options[key] = int(value) if known[key].kind is int else value
        except ValueError as error:
            raise ValueError(f"{name}: {key} must be a whole number, got {value!r}") from error
        known[key].check(options[key])
    return kind(**options)


def transform(name: str, **options: Any) -> Transform:
    """A transform by name, with options."""
    return transform_class(name)(**options)
