"""One single item: a message, or an interval that says how little it tells."""

import pytest

from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.measures import analogy, categorization, outliers, qvec, similarity


@pytest.mark.parametrize(
    ("evaluate", "text", "message"),
    [
        (similarity.evaluate, "w1\tw2\t3\n", "fewer than 10 says nothing"),
        (categorization.evaluate, ",category,word\n0,a,w1\n1,b,w2\n", "cannot be clustered"),
        (qvec.evaluate, 'w1\t{"p": 1}\n', "too few for 12 dimensions"),
    ],
)
def test_what_one_item_cannot_tell_is_refused(random_vectors, evaluate, text, message):
    with pytest.raises(Unanswerable, match=message):
        evaluate(random_vectors, datasets.loads(text))


@pytest.mark.parametrize("solver", analogy.SOLVERS[:3])
def test_one_question_has_an_interval_that_leaves_it_open(random_vectors, solver):
    found = analogy.evaluate(random_vectors, datasets.loads(": s\nw1 w2 w3 w4\n"), solver=solver)
    assert found.coverage.answered == 1
    assert found.interval.high - found.interval.low > 0.5
    assert found.categories[0].interval.high - found.categories[0].interval.low > 0.5


def test_one_outlier_group_has_an_interval_that_leaves_it_open(random_vectors):
    text = ",category,outliers,words\n0,G,\"['w1']\",\"['w2', 'w3', 'w4']\"\n"
    found = outliers.evaluate(random_vectors, datasets.loads(text))
    assert found.interval.high - found.interval.low > 0.5
