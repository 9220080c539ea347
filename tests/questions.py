"""What tests ask of an object, or of a process, here and in another process.

Another process imports a function by the name of its module. It finds this folder on its path, but
not the modules of tests: pytest loads those by their files.
"""

from __future__ import annotations

import os
import resource
import signal

import wordvec
from wordvec import WordVectors
from wordvec.text.vocab import Vocabulary


def seen(thing):
    """What is asked of a copy: plain values that can be compared."""
    if isinstance(thing, WordVectors):
        words = list(thing)
        near = [] if len(words) < 2 else [w for w, _ in thing.most_similar(words[0], topn=3)]
        unseen = thing.vector("w7x").vector.tolist()
        red = [] if "colour" not in thing._attributes else thing.get_vecattr("w1", "colour")
        counts = None if thing.counts is None else thing.counts.tolist()
        return type(thing), words, thing.vectors.tolist(), near, unseen, red, counts, thing.meta
    if isinstance(thing, Vocabulary):
        return list(thing), thing.counts.tolist()
    if isinstance(thing, wordvec.Shards):
        return thing.sparse().toarray().tolist(), list(thing.vocab)
    if hasattr(thing, "get_params"):
        params = {key: repr(value) for key, value in thing.get_params().items()}
        return type(thing), params, seen(thing.vectors_) if hasattr(thing, "vectors_") else None
    return list(thing.vocab), thing.ids.tolist()


def neighbours(wv):
    """The two nearest of a word."""
    return wv.most_similar("w3", topn=2)


def die_at(addresses, dask_worker):
    """Kills the process of a worker that is named; the others answer with a 5 for each name."""
    if dask_worker.address in addresses:
        os.kill(os.getpid(), signal.SIGKILL)
    return [5] * len(addresses)


def die_when_asked_for_data(dask_worker):
    """A worker of Dask is killed when another one asks it for data."""

    async def dying(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGKILL)

    dask_worker.handlers["get_data"] = dying


def limit_files(size):
    """Files of this process cannot grow beyond a size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
