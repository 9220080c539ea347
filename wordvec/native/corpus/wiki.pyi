from collections.abc import Iterable

class Cleaner:
    """Makes plain text of wikitext; see csrc/wv_wiki.h.

    Parameters
    ----------
    namespaces : iterable of bytes
        Lower-case names of the namespaces whose links are left out: files, categories.
    """

    def __init__(self, namespaces: Iterable[bytes]) -> None: ...
    def clean(self, text: bytes) -> bytes:
        """The plain text; lines end in LF, and there are no blank ones."""

    @property
    def dropped(self) -> dict[str, int]:
        """What was left out so far, by kind; `unclosed` are marks without an end."""
