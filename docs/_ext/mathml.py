"""Formulas as MathML, which browsers draw themselves: no script and no network."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Offers the renderer `mathml` to conf.py."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _mathml(text: str, display: str = "inline") -> str:
    """The formula, with TeX's spaces around names of functions: none before a bracket, a thin one
    before anything else."""
    formula = convert(text, display=display)
    formula = re.sub("<mo>(max|min)</mo>", r"<mi>\1</mi>", formula)
    return re.sub("<mi>log</mi>(?!<mo stretchy)", '<mi>log</mi><mspace width="0.167em" />', formula)


def _inline(writer: Any, node: nodes.Element) -> None:
    writer.body.append(_mathml(node.astext()))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.Element) -> None:
    formula = _mathml(node.astext(), "block")
    writer.body.append(f'<div class="math-block">{formula}</div>\n')
    raise nodes.SkipNode
