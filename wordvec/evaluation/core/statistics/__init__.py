"""Intervals, tests and comparisons: plain functions over arrays."""

from wordvec.evaluation.core.statistics.correlation import (
    bootstrap_correlations as bootstrap_correlations,
)
from wordvec.evaluation.core.statistics.correlation import (
    fisher_interval as fisher_interval,
)
from wordvec.evaluation.core.statistics.correlation import (
    midranks as midranks,
)
from wordvec.evaluation.core.statistics.correlation import (
    pearson as pearson,
)
from wordvec.evaluation.core.statistics.correlation import (
    spearman as spearman,
)
from wordvec.evaluation.core.statistics.correlation import (
    williams_test as williams_test,
)
from wordvec.evaluation.core.statistics.intervals import (
    LEVEL as LEVEL,
)
from wordvec.evaluation.core.statistics.intervals import (
    RESAMPLES as RESAMPLES,
)
from wordvec.evaluation.core.statistics.intervals import (
    around as around,
)
from wordvec.evaluation.core.statistics.intervals import (
    bounded as bounded,
)
from wordvec.evaluation.core.statistics.intervals import (
    bounded_interval as bounded_interval,
)
from wordvec.evaluation.core.statistics.intervals import (
    freed as freed,
)
from wordvec.evaluation.core.statistics.intervals import (
    guessing_interval as guessing_interval,
)
from wordvec.evaluation.core.statistics.intervals import (
    normal_quantile as normal_quantile,
)
from wordvec.evaluation.core.statistics.intervals import (
    percentile_interval as percentile_interval,
)
from wordvec.evaluation.core.statistics.intervals import (
    resampled_counts as resampled_counts,
)
from wordvec.evaluation.core.statistics.intervals import (
    share_interval as share_interval,
)
from wordvec.evaluation.core.statistics.intervals import (
    wilson_interval as wilson_interval,
)
from wordvec.evaluation.core.statistics.permutation import (
    CERTIFIED_MAX as CERTIFIED_MAX,
)
from wordvec.evaluation.core.statistics.permutation import (
    SAMPLES as SAMPLES,
)
from wordvec.evaluation.core.statistics.permutation import (
    Permutation as Permutation,
)
from wordvec.evaluation.core.statistics.permutation import (
    holm as holm,
)
from wordvec.evaluation.core.statistics.permutation import (
    permutation_test as permutation_test,
)
from wordvec.evaluation.core.statistics.resampling import (
    Resampled as Resampled,
)
from wordvec.evaluation.core.statistics.resampling import (
    Statistic as Statistic,
)
from wordvec.evaluation.core.statistics.resampling import (
    bootstrap as bootstrap,
)
from wordvec.evaluation.core.statistics.resampling import (
    permutation as permutation,
)
