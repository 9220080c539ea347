"""scikit-learn takes the models: pipelines, searches, cloning, scores."""

import numpy as np
import pytest

import wordvec
from wordvec.errors import CorpusError
from wordvec.evaluation.core import datasets
from wordvec.evaluation.scoring import scorer

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer  # noqa: E402
from sklearn.utils import estimator_checks, get_tags  # noqa: E402

from wordvec.models import MODELS  # noqa: E402

RNG = np.random.default_rng(1)
TEXTS = [
    " ".join(RNG.permutation(["cat", "dog", "cow", "pig"] if i % 2 else ["one", "two", "ten"]))
    for i in range(120)
]
DOCUMENTS = [text.split() for text in TEXTS]
QUICK = {"vector_size": 8, "min_count": 1, "epochs": 3, "threads": 1, "sample": 0}


def models():
    yield wordvec.SkipGram(**QUICK)
    yield wordvec.CBOW(**QUICK)
    yield wordvec.FastText(**QUICK, bucket=500)
    for name in ("GloVe", "Swivel", "PPMI"):
        kind = getattr(wordvec, name)
        options = {"vector_size": 4, "min_count": 1, "epochs": 2}
        yield kind(**{k: v for k, v in options.items() if k in kind.options()})


@pytest.mark.parametrize("model", [*models()], ids=lambda m: type(m).__name__)
def test_every_model_is_cloned_tagged_and_fitted_with_a_y(model):
    again = clone(model)
    assert again.get_params() == model.get_params()
    assert get_tags(again).target_tags.required is False
    assert again.fit(DOCUMENTS, None) is again
    assert again.fit(DOCUMENTS, y=None) is again
    assert len(again.vectors_) == 7


# Those of scikit-learn's own checks that do not fit a table of numbers.
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
    ],
)
def test_scikit_learns_own_checks_pass(name, check):
    kind = MODELS[name].load()
    if not hasattr(estimator_checks, check):
        pytest.skip(f"this scikit-learn has no {check}")
    getattr(estimator_checks, check)(kind.__name__, kind())


def test_a_pipeline_ends_in_a_model():
    split = FunctionTransformer(lambda texts: [text.split() for text in texts])
    pipeline = make_pipeline(split, wordvec.SkipGram(**QUICK)).fit(TEXTS)
    assert len(pipeline[-1].vectors_) == 7
    assert pipeline.score(TEXTS) == pipeline[-1].score(DOCUMENTS)


def test_a_score_is_minus_the_held_out_loss():
    lines = DOCUMENTS * 100
    model = wordvec.SkipGram(**QUICK, held_out=0.2).fit(lines)
    # The text that was held out is like the rest: so are the losses.
    assert model.score(lines) == pytest.approx(-model.held_out_losses_[-1], rel=0.05)
    assert model.score(lines) == model.score(lines)
    before = model.vectors_.vectors.copy()
    model.score(lines)
    np.testing.assert_array_equal(model.vectors_.vectors, before)
    untrained = wordvec.SkipGram(**{**QUICK, "epochs": 1, "alpha": 1e-4}).fit(lines)
    assert model.score(lines) > untrained.score(lines)
    with pytest.raises(CorpusError, match="none of its tokens is in the vocabulary"):
        model.score([["unheard", "of"]])


def test_a_search_finds_the_better_option():
    search = GridSearchCV(wordvec.SkipGram(**QUICK), {"alpha": [2e-4, 0.1]}, cv=3)
    search.fit(DOCUMENTS * 20)
    assert search.best_params_ == {"alpha": 0.1}
    assert len(search.best_estimator_.vectors_) == 7
    found = cross_val_score(wordvec.CBOW(**QUICK), DOCUMENTS, cv=3)
    assert found.shape == (3,)
    assert (found < 0).all()


def test_a_search_is_judged_by_an_evaluation_set():
    animals, numbers = ["cat", "dog", "cow", "pig"], ["one", "two", "ten"]
    words = animals + numbers
    rows = [
        f"{a}\t{b}\t{int((a in animals) == (b in animals))}"
        for i, a in enumerate(words)
        for b in words[i + 1 :]
    ]
    by_set = scorer(datasets.loads("\n".join(rows), "similarity"))
    split = FunctionTransformer(lambda texts: [text.split() for text in texts])
    pipeline = make_pipeline(split, wordvec.SkipGram(**QUICK))
    search = GridSearchCV(pipeline, {"skipgram__alpha": [2e-4, 0.02]}, scoring=by_set, cv=2)
    search.fit(TEXTS * 10)
    assert search.best_params_ == {"skipgram__alpha": 0.02}
    assert search.best_score_ > 0.5
