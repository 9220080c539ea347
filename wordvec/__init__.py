"""Static word embeddings: train, store, look up and judge them.

Public names are loaded when they are first used (PEP 562), so `import wordvec` is immediate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wordvec._version import __version__ as __version__

# Public name -> the module that defines it.
_PUBLIC = {
    "CBOW": "wordvec.models.skipgram",
    "FastText": "wordvec.models.skipgram",
    "ApproximateIndex": "wordvec.vectors.combine",
    "FormatError": "wordvec.errors",
    "GloVe": "wordvec.models.glove",
    "PPMI": "wordvec.models.ppmi",
    "HyperbolicMDS": "wordvec.hierarchy.hmds",
    "Lorentz": "wordvec.hierarchy.lorentz",
    "PhraseTable": "wordvec.text.phrases",
    "Phrases": "wordvec.text.find_phrases",
    "Poincare": "wordvec.hierarchy.poincare",
    "Relations": "wordvec.hierarchy.relations",
    "SGNS": "wordvec.models.sgns",
    "Sarkar": "wordvec.hierarchy.sarkar",
    "Shards": "wordvec.counts.shards",
    "SkipGram": "wordvec.models.skipgram",
    "Swivel": "wordvec.models.swivel",
    "Vocabulary": "wordvec.text.vocab",
    "Window": "wordvec.counts.count",
    "count": "wordvec.counts.count",
    "encode": "wordvec.text.corpus",
    "StoreError": "wordvec.errors",
    "UnknownWordError": "wordvec.errors",
    "WordVectors": "wordvec.vectors.vectors",
    "WordvecError": "wordvec.errors",
    "concatenate": "wordvec.vectors.combine",
    "from_gensim": "wordvec.formats.gensim",
    "load": "wordvec.formats",
    "to_gensim": "wordvec.formats.gensim",
}

__all__ = ["__version__", *_PUBLIC]

if TYPE_CHECKING:
    from wordvec.counts.count import Window as Window
    from wordvec.counts.count import count as count
    from wordvec.counts.shards import Shards as Shards
    from wordvec.errors import FormatError as FormatError
    from wordvec.errors import StoreError as StoreError
    from wordvec.errors import UnknownWordError as UnknownWordError
    from wordvec.errors import WordvecError as WordvecError
    from wordvec.formats import load as load
    from wordvec.formats.gensim import from_gensim as from_gensim
    from wordvec.formats.gensim import to_gensim as to_gensim
    from wordvec.hierarchy.hmds import HyperbolicMDS as HyperbolicMDS
    from wordvec.hierarchy.lorentz import Lorentz as Lorentz
    from wordvec.hierarchy.poincare import Poincare as Poincare
    from wordvec.hierarchy.relations import Relations as Relations
    from wordvec.hierarchy.sarkar import Sarkar as Sarkar
    from wordvec.models.glove import GloVe as GloVe
    from wordvec.models.ppmi import PPMI as PPMI
    from wordvec.models.sgns import SGNS as SGNS
    from wordvec.models.skipgram import CBOW as CBOW
    from wordvec.models.skipgram import FastText as FastText
    from wordvec.models.skipgram import SkipGram as SkipGram
    from wordvec.models.swivel import Swivel as Swivel
    from wordvec.text.corpus import encode as encode
    from wordvec.text.find_phrases import Phrases as Phrases
    from wordvec.text.phrases import PhraseTable as PhraseTable
    from wordvec.text.vocab import Vocabulary as Vocabulary
    from wordvec.vectors.combine import ApproximateIndex as ApproximateIndex
    from wordvec.vectors.combine import concatenate as concatenate
    from wordvec.vectors.vectors import WordVectors as WordVectors


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        import importlib

        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'wordvec' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
