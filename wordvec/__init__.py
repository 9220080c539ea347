"""Static word embeddings: train, store, look up and judge them.

Public names are loaded when they are first used (PEP 562), so `import wordvec` is immediate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public name -> the module that defines it.
_PUBLIC = {
    "CBOW": "wordvec.models.skipgram",
    "FastText": "wordvec.models.skipgram",
    "ApproximateIndex": "wordvec.combine",
    "FormatError": "wordvec.errors",
    "GloVe": "wordvec.models.glove",
    "PPMI": "wordvec.models.ppmi",
    "HyperbolicMDS": "wordvec.models.hmds",
    "Lorentz": "wordvec.models.lorentz",
    "PhraseTable": "wordvec.phrases",
    "Phrases": "wordvec.models.phrases",
    "Poincare": "wordvec.models.poincare",
    "Relations": "wordvec.relations",
    "SGNS": "wordvec.models.sgns",
    "Sarkar": "wordvec.models.sarkar",
    "Shards": "wordvec.shards",
    "SkipGram": "wordvec.models.skipgram",
    "Swivel": "wordvec.models.swivel",
    "Vocabulary": "wordvec.vocab",
    "Window": "wordvec.cooccurrence",
    "count": "wordvec.cooccurrence",
    "encode": "wordvec.corpus",
    "StoreError": "wordvec.errors",
    "UnknownWordError": "wordvec.errors",
    "WordVectors": "wordvec.vectors",
    "WordvecError": "wordvec.errors",
    "concatenate": "wordvec.combine",
    "from_gensim": "wordvec.formats.gensim",
    "load": "wordvec.formats",
    "to_gensim": "wordvec.formats.gensim",
}

__all__ = ["__version__", *_PUBLIC]

if TYPE_CHECKING:
    from wordvec.combine import ApproximateIndex as ApproximateIndex
    from wordvec.combine import concatenate as concatenate
    from wordvec.cooccurrence import Window as Window
    from wordvec.cooccurrence import count as count
    from wordvec.corpus import encode as encode
    from wordvec.errors import FormatError as FormatError
    from wordvec.errors import StoreError as StoreError
    from wordvec.errors import UnknownWordError as UnknownWordError
    from wordvec.errors import WordvecError as WordvecError
    from wordvec.formats import load as load
    from wordvec.formats.gensim import from_gensim as from_gensim
    from wordvec.formats.gensim import to_gensim as to_gensim
    from wordvec.models.glove import GloVe as GloVe
    from wordvec.models.hmds import HyperbolicMDS as HyperbolicMDS
    from wordvec.models.lorentz import Lorentz as Lorentz
    from wordvec.models.phrases import Phrases as Phrases
    from wordvec.models.poincare import Poincare as Poincare
    from wordvec.models.ppmi import PPMI as PPMI
    from wordvec.models.sarkar import Sarkar as Sarkar
    from wordvec.models.sgns import SGNS as SGNS
    from wordvec.models.skipgram import CBOW as CBOW
    from wordvec.models.skipgram import FastText as FastText
    from wordvec.models.skipgram import SkipGram as SkipGram
    from wordvec.models.swivel import Swivel as Swivel
    from wordvec.phrases import PhraseTable as PhraseTable
    from wordvec.relations import Relations as Relations
    from wordvec.shards import Shards as Shards
    from wordvec.vectors import WordVectors as WordVectors
    from wordvec.vocab import Vocabulary as Vocabulary


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        import importlib

        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'wordvec' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
