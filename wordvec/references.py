"""BibTeX of wordvec and of the papers behind its models and measures of change, by key."""

from __future__ import annotations

from wordvec._version import __version__

WORDVEC = f"""@software{{wordvec,
  title = {{wordvec: static word embeddings, trained, stored and judged}},
  author = {{{{The wordvec developers}}}},
  version = {{{__version__}}},
  license = {{Apache-2.0}}
}}"""

PAPERS = {
    "mikolov2013efficient": """@inproceedings{mikolov2013efficient,
  title = {Efficient Estimation of Word Representations in Vector Space},
  author = {Mikolov, Tomas and Chen, Kai and Corrado, Greg and Dean, Jeffrey},
  booktitle = {ICLR Workshop},
  year = {2013}
}""",
    "mikolov2013distributed": """@inproceedings{mikolov2013distributed,
  title = {Distributed Representations of Words and Phrases and their Compositionality},
  author = {Mikolov, Tomas and Sutskever, Ilya and Chen, Kai and Corrado, Greg S. and Dean, Jeff},
  booktitle = {Advances in Neural Information Processing Systems 26},
  year = {2013}
}""",
    "bojanowski2017": """@article{bojanowski2017,
  title = {Enriching Word Vectors with Subword Information},
  author = {Bojanowski, Piotr and Grave, Edouard and Joulin, Armand and Mikolov, Tomas},
  journal = {Transactions of the Association for Computational Linguistics},
  volume = {5},
  pages = {135--146},
  year = {2017}
}""",
    "levy2014": """@inproceedings{levy2014,
  title = {Neural Word Embedding as Implicit Matrix Factorization},
  author = {Levy, Omer and Goldberg, Yoav},
  booktitle = {Advances in Neural Information Processing Systems 27},
  year = {2014}
}""",
    "levy2015": """@article{levy2015,
  title = {Improving Distributional Similarity with Lessons Learned from Word Embeddings},
  author = {Levy, Omer and Goldberg, Yoav and Dagan, Ido},
  journal = {Transactions of the Association for Computational Linguistics},
  volume = {3},
  pages = {211--225},
  year = {2015}
}""",
    "dingwall2018": """@inproceedings{dingwall2018,
  title = {{Mittens}: An Extension of {GloVe} for Learning Domain-Specialized Representations},
  author = {Dingwall, Nicholas and Potts, Christopher},
  booktitle = {Proceedings of NAACL-HLT 2018, Volume 2 (Short Papers)},
  pages = {212--217},
  year = {2018}
}""",
    "pennington2014": """@inproceedings{pennington2014,
  title = {{GloVe}: Global Vectors for Word Representation},
  author = {Pennington, Jeffrey and Socher, Richard and Manning, Christopher},
  booktitle = {Proceedings of EMNLP 2014},
  pages = {1532--1543},
  year = {2014}
}""",
    "shazeer2016": """@misc{shazeer2016,
  title = {Swivel: Improving Embeddings by Noticing What's Missing},
  author = {Shazeer, Noam and Doherty, Ryan and Evans, Colin and Waterson, Chris},
  eprint = {1602.02215},
  archivePrefix = {arXiv},
  year = {2016}
}""",
    "salle2016": """@inproceedings{salle2016,
  title = {Matrix Factorization using Window Sampling and Negative Sampling for Improved Word
           Representations},
  author = {Salle, Alexandre and Villavicencio, Aline and Idiart, Marco},
  booktitle = {Proceedings of ACL 2016 (Volume 2: Short Papers)},
  pages = {419--424},
  year = {2016}
}""",
    "nickel2017": """@inproceedings{nickel2017,
  title = {Poincar{\\'e} Embeddings for Learning Hierarchical Representations},
  author = {Nickel, Maximilian and Kiela, Douwe},
  booktitle = {Advances in Neural Information Processing Systems 30},
  year = {2017}
}""",
    "nickel2018": """@inproceedings{nickel2018,
  title = {Learning Continuous Hierarchies in the {Lorentz} Model of Hyperbolic Geometry},
  author = {Nickel, Maximilian and Kiela, Douwe},
  booktitle = {Proceedings of ICML 2018},
  year = {2018}
}""",
    "bordes2013": """@inproceedings{bordes2013,
  title = {Translating Embeddings for Modeling Multi-relational Data},
  author = {Bordes, Antoine and Usunier, Nicolas and Garcia-Duran, Alberto and Weston, Jason and
            Yakhnenko, Oksana},
  booktitle = {Advances in Neural Information Processing Systems 26},
  year = {2013}
}""",
    "sarkar2011": """@inproceedings{sarkar2011,
  title = {Low Distortion {Delaunay} Embedding of Trees in Hyperbolic Plane},
  author = {Sarkar, Rik},
  booktitle = {Graph Drawing},
  year = {2011}
}""",
    "sala2018": """@inproceedings{sala2018,
  title = {Representation Tradeoffs for Hyperbolic Embeddings},
  author = {Sala, Frederic and De Sa, Chris and Gu, Albert and R{\\'e}, Christopher},
  booktitle = {Proceedings of ICML 2018},
  year = {2018}
}""",
    "hamilton2016diachronic": """@inproceedings{hamilton2016diachronic,
  title = {Diachronic Word Embeddings Reveal Statistical Laws of Semantic Change},
  author = {Hamilton, William L. and Leskovec, Jure and Jurafsky, Dan},
  booktitle = {Proceedings of ACL 2016 (Volume 1: Long Papers)},
  pages = {1489--1501},
  year = {2016}
}""",
    "hamilton2016cultural": """@inproceedings{hamilton2016cultural,
  title = {Cultural Shift or Linguistic Drift? {C}omparing Two Computational Measures of Semantic
           Change},
  author = {Hamilton, William L. and Leskovec, Jure and Jurafsky, Dan},
  booktitle = {Proceedings of EMNLP 2016},
  pages = {2116--2121},
  year = {2016}
}""",
    "schonemann1966": """@article{schonemann1966,
  title = {A Generalized Solution of the Orthogonal {Procrustes} Problem},
  author = {Sch{\\"o}nemann, Peter H.},
  journal = {Psychometrika},
  volume = {31},
  number = {1},
  pages = {1--10},
  year = {1966}
}""",
    "dubossarsky2017": """@inproceedings{dubossarsky2017,
  title = {Outta Control: Laws of Semantic Change and Inherent Biases in Word Representation
           Models},
  author = {Dubossarsky, Haim and Weinshall, Daphna and Grossman, Eitan},
  booktitle = {Proceedings of EMNLP 2017},
  pages = {1136--1145},
  year = {2017}
}""",
    "benjamini1995": """@article{benjamini1995,
  title = {Controlling the False Discovery Rate: A Practical and Powerful Approach to Multiple
           Testing},
  author = {Benjamini, Yoav and Hochberg, Yosef},
  journal = {Journal of the Royal Statistical Society: Series B},
  volume = {57},
  number = {1},
  pages = {289--300},
  year = {1995}
}""",
}


def bibtex(*keys: str) -> str:
    """BibTeX entries of wordvec and of these papers."""
    return "\n\n".join([WORDVEC, *(PAPERS[key] for key in keys)])
