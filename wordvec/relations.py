"""Relations of words, child and parent: reading them from files, making and writing them.

    from wordvec.relations import read_relations
    relations = read_relations("mammals.tsv")

`wordvec.train` on such relations gives vectors of a hierarchy; see docs/explanation/hierarchies.md.
"""

from wordvec.hierarchy.relations import (
    Relations,
    from_pairs,
    read_relations,
    read_shards,
    write_shards,
)

__all__ = ["Relations", "from_pairs", "read_relations", "read_shards", "write_shards"]
