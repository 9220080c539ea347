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
    "AttractRepel": "wordvec.spaces.lexicons.specialise",
    "Blocks": "wordvec.counts.blocks",
    "change": "wordvec.inference.change",
    "change_series": "wordvec.inference.change",
    "concatenate": "wordvec.vectors.combine",
    "count": "wordvec.counts.counting.count",
    "count_blocks": "wordvec.counts.blocks",
    "CounterFit": "wordvec.spaces.lexicons.specialise",
    "debias": "wordvec.debias",
    "encode": "wordvec.text.corpus",
    "FormatError": "wordvec.errors",
    "from_gensim": "wordvec.formats.tools.gensim",
    "geometry": "wordvec.spaces.geometry",
    "HyperbolicMDS": "wordvec.hierarchy.hmds",
    "KeyedVectors": "wordvec.formats.tools.gensim",
    "keywords": "wordvec.spaces.keywords",
    "load": "wordvec.formats",
    "MetaEmbedding": "wordvec.spaces.meta",
    "Phrases": "wordvec.text.phrases.find",
    "PhraseTable": "wordvec.text.phrases.model",
    "Procrustes": "wordvec.spaces.alignment.mapping",
    "RCSLS": "wordvec.spaces.alignment.rcsls",
    "Relations": "wordvec.hierarchy.relations",
    "Retrofit": "wordvec.spaces.lexicons.retrofit",
    "Shards": "wordvec.counts.shards",
    "stability": "wordvec.inference.stability",
    "StoreError": "wordvec.errors",
    "TextOptions": "wordvec.text.options",
    "Texts": "wordvec.text.records.blocks",
    "to_gensim": "wordvec.formats.tools.gensim",
    "transform": "wordvec.transform",
    "Translator": "wordvec.spaces.alignment.translate",
    "Unanswerable": "wordvec.errors",
    "Uncertainty": "wordvec.inference.uncertainty",
    "UnknownWordError": "wordvec.errors",
    "VecMap": "wordvec.spaces.alignment.vecmap",
    "Vocabulary": "wordvec.text.vocab",
    "Window": "wordvec.counts.counting.window",
    "WordvecError": "wordvec.errors",
    "WordVectors": "wordvec.vectors.vectors",
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
