"""Evaluation sets: reading the formats in which they are published, strictly.

A file's separator (tab, comma, white space), line ends (LF, CRLF, CR alone), header and comment
lines are told from its content. A row that does not fit is an error that names file and line;
nothing is skipped in silence. What is odd but lawful (a pair listed twice, a word in two classes)
is kept or left out by a rule that the source's notes state.
"""

from wordvec.evaluation.core.datasets.kinds import (
    KINDS as KINDS,
)
from wordvec.evaluation.core.datasets.kinds import (
    AnalogySet as AnalogySet,
)
from wordvec.evaluation.core.datasets.kinds import (
    CategorySet as CategorySet,
)
from wordvec.evaluation.core.datasets.kinds import (
    Dataset as Dataset,
)
from wordvec.evaluation.core.datasets.kinds import (
    OutlierGroup as OutlierGroup,
)
from wordvec.evaluation.core.datasets.kinds import (
    OutlierSet as OutlierSet,
)
from wordvec.evaluation.core.datasets.kinds import (
    PropertySet as PropertySet,
)
from wordvec.evaluation.core.datasets.kinds import (
    Question as Question,
)
from wordvec.evaluation.core.datasets.kinds import (
    RelationSet as RelationSet,
)
from wordvec.evaluation.core.datasets.kinds import (
    SimilaritySet as SimilaritySet,
)
from wordvec.evaluation.core.datasets.read import load as load
from wordvec.evaluation.core.datasets.read import loads as loads
