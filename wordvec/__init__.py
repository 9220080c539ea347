"""Static word embeddings: train, store, look up and judge them.

Public names are loaded when they are first used (PEP 562), so `import wordvec` is immediate. For
type checkers the build writes `__init__.pyi` from the same table.
"""

from __future__ import annotations

import importlib as _importlib

from wordvec._version import __version__ as __version__
from wordvec.models import MODELS as _MODELS

# Public name -> the module that defines it.
_PUBLIC = {
    "ApproximateIndex": "wordvec.vectors.combine",
    "Blocks": "wordvec.counts.blocks",
    "FormatError": "wordvec.errors",
    "HyperbolicMDS": "wordvec.hierarchy.hmds",
    "KeyedVectors": "wordvec.formats.gensim",
    "PhraseTable": "wordvec.text.phrases",
    "Phrases": "wordvec.text.find_phrases",
    "Relations": "wordvec.hierarchy.relations",
    "Shards": "wordvec.counts.shards",
    "TextOptions": "wordvec.text.options",
    "Texts": "wordvec.text.records.blocks",
    "StoreError": "wordvec.errors",
    "Unanswerable": "wordvec.errors",
    "Uncertainty": "wordvec.inference.uncertainty",
    "UnknownWordError": "wordvec.errors",
    "Vocabulary": "wordvec.text.vocab",
    "Window": "wordvec.counts.count",
    "WordVectors": "wordvec.vectors.vectors",
    "WordvecError": "wordvec.errors",
    "concatenate": "wordvec.vectors.combine",
    "count": "wordvec.counts.count",
    "count_blocks": "wordvec.counts.blocks",
    "debias": "wordvec.debias",
    "geometry": "wordvec.spaces.geometry",
    "keywords": "wordvec.spaces.keywords",
    "transform": "wordvec.transform",
    "encode": "wordvec.text.corpus",
    "from_gensim": "wordvec.formats.gensim",
    "load": "wordvec.formats",
    "stability": "wordvec.inference.stability",
    "to_gensim": "wordvec.formats.gensim",
} | {model.class_name: model.module for model in _MODELS.values()}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> object:
    if name in _PUBLIC:
        module = _importlib.import_module(_PUBLIC[name])
        value: object = module if _PUBLIC[name] == f"wordvec.{name}" else getattr(module, name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'wordvec' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
