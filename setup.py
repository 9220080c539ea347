"""The extension modules and data/; everything else is declared in pyproject.toml."""

import copy
import glob
import importlib
import os
import pathlib
import re
import subprocess
import sys

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

# -fwrapv, which most Pythons bring: without it GCC 12 makes skip-gram's kernel 12 % slower.
COMPILE = ["-std=c11", "-O3", "-fwrapv", "-fvisibility=hidden"] if sys.platform != "win32" else []
# Debug information, which most Pythons ask for, is a fifth of the build: only where CFLAGS asks.
if COMPILE and "CFLAGS" not in os.environ:
    COMPILE.append("-g0")
if COMPILE and "-O0" in os.environ.get("CFLAGS", "").split():  # `make coverage`
    COMPILE.remove("-O3")  # it would stand after CFLAGS, and win
# What Cython writes calls the kernels and the interpreter: -O3 and -O1 make it no faster than -Og,
# and take four times and nearly twice the time to compile (for all 57, 25 and 15 CPU-seconds).
GENERATED = ["-Og"] if "-O3" in COMPILE else []
HEADERS = glob.glob("csrc/*.h") + glob.glob("wordvec/native/**/*.pxd", recursive=True)

# One kernel for each instruction set, and what chooses among them.
ISA = ("scalar", "avx2", "avx512", "avx512_bf16", "neon")


def with_isa(source):
    return [source, *(f"{source}_{isa}" for isa in ISA if os.path.exists(f"csrc/{source}_{isa}.c"))]


# wordvec.native.<name>: the C sources that it is made of.
MODULES = {
    "cpu": ["wv_cpu"],
    "corpus.cooc": ["wv_cooc", "wv_tile"],
    "corpus.phrase": ["wv_phrase"],
    "corpus.rows": ["wv_rows", "wv_tile"],
    "corpus.text": ["wv_text"],
    "corpus.unicode": ["wv_unicode"],
    "corpus.wiki": ["wv_wiki"],
    "models.glove": [*with_isa("wv_glove"), "wv_tile"],
    "models.hyper": with_isa("wv_hyper"),
    "models.perm": ["wv_perm"],
    "models.sgns": with_isa("wv_sgns"),
    "models.swivel": [*with_isa("wv_swivel"), "wv_tile"],
    "models.visits": ["wv_visits", "wv_ppmi", "wv_tile"],
    "vectors.analogy": with_isa("wv_analogy"),
    "vectors.best": with_isa("wv_best"),
    "vectors.codec": ["wv_codec"],
    "vectors.decimal": ["wv_decimal"],
    "vectors.gram": with_isa("wv_gram"),
    "vectors.ngram": ["wv_ngram", "wv_codec", "wv_store"],
    "vectors.store": ["wv_store"],
    "vectors.topk": with_isa("wv_topk"),
    "vectors.vec": with_isa("wv_vec"),
}

# What Cython's memoryviews need, once instead of in every module: 17 modules take 4.0 to 4.4
# CPU-seconds each with it, 1.2 to 1.9 without.
SHARED = "wordvec.native._shared"


def write_stub():
    """Writes wordvec/__init__.pyi, what type checkers read of the names that are loaded lazily."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    public = importlib.import_module("wordvec")._PUBLIC
    # A public module, such as wordvec.transform, is a name of the package itself.
    own = {name: "wordvec" for name, module in public.items() if module == f"wordvec.{name}"}
    pairs = sorted((public | own).items())
    lines = [f"from {module} import {name} as {name}\n" for name, module in pairs]
    text = "".join(["# Written by setup.py.\n", "__version__: str\n", *lines])
    pathlib.Path("wordvec", "__init__.pyi").write_text(text)


DATA = [
    path
    for pattern in ("*.toml", "*.tsv", "README.md", "relations/*")
    for path in sorted(glob.glob(f"data/{pattern}"))
]


class BuildExtensions(build_ext):
    """Runs Cython over all modules at once: their shared code must not be written beside others."""

    def finalize_options(self):
        super().finalize_options()
        # One compiler after another, as pip's builds do by default, takes minutes.
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self):
        self.vectors = self.precompiled()
        generated = cythonize(
            self.extensions,
            shared_utility_qualified_name=SHARED,
            nthreads=int(self.parallel or 0),
            force=self.force,
            quiet=not self.verbose,
        )
        sources = {extension.name: extension.sources for extension in generated}
        for extension in self.extensions:
            extension.sources = sources[extension.name]
        super().build_extensions()

    def precompiled(self):
        """Options for what includes the compiler's header of vector instructions, which takes
        longer to read than most kernels to compile: it is read once instead of 19 times. None where
        the compiler has another way; kernels include the plain header in any case."""
        if sys.platform != "linux":
            return []
        header = pathlib.Path(self.build_temp, "vectors.h").absolute()
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text("#if defined(__x86_64__)\n#include <immintrin.h>\n#endif\n")
        command = [*self.compiler.compiler_so, *COMPILE, "-x", "c-header", header]
        command += ["-o", f"{header}.gch"]
        done = subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
        return [] if done.returncode else ["-include", str(header)]

    def build_extension(self, extension):
        # Modules share sources. With one folder for all objects, one module could be linked with an
        # object that another was just writing: it then lacks symbols when it is imported.
        own = copy.copy(self)
        own.build_temp = os.path.join(self.build_temp, extension.name)
        own.compiler = copy.copy(self.compiler)
        compile_one = own.compiler._compile

        def compile_source(obj, source, ext, cc_args, options, pp_opts):
            more = GENERATED if source.startswith("wordvec") else []
            more = self.vectors if "_avx" in source else more
            compile_one(obj, source, ext, cc_args, [*options, *more], pp_opts)

        own.compiler._compile = compile_source
        build_ext.build_extension(own, extension)


class BuildWithData(build_py):
    """Ships data/ inside the package, as wordvec/data. (package-dir could say so too, but then an
    editable install is no longer a plain path, which type checkers and `python -m evals` need.)"""

    def run(self):
        super().run()
        if not self.editable_mode:
            for source, target in zip(DATA, self._data_outputs(), strict=True):
                self.mkpath(os.path.dirname(target))
                self.copy_file(source, target)

    def get_source_files(self):
        return super().get_source_files() + DATA

    def get_outputs(self, include_bytecode=True):
        return super().get_outputs(include_bytecode) + self._data_outputs()

    def _data_outputs(self):
        return [os.path.join(self.build_lib, "wordvec", source) for source in DATA]


def description():
    """README.md as a package index shows it: without the picture, and without links to files."""
    text = pathlib.Path("README.md").read_text("utf-8")
    text = re.sub(r"^## The report\n.*?(?=^## )", "", text, flags=re.M | re.S)
    return re.sub(r"\[([^\]]+)\]\((?!https?://)[^)]+\)", r"\1", text)


# Cython's worker processes import this file where they are not forked (Python 3.14).
if __name__ == "__main__":
    write_stub()
    setup(
        long_description=description(),
        long_description_content_type="text/markdown",
        cmdclass={"build_ext": BuildExtensions, "build_py": BuildWithData},
        # An editable install would compile again, one module after another, what is in place.
        ext_modules=[]
        if os.environ.get("WORDVEC_BUILT_IN_PLACE")
        else [
            Extension(SHARED, [], extra_compile_args=COMPILE),
            *(
                Extension(
                    f"wordvec.native.{name}",
                    [
                        f"wordvec/native/{name.replace('.', '/')}.pyx",
                        *(f"csrc/{source}.c" for source in sources),
                    ],
                    include_dirs=["csrc"],
                    depends=HEADERS,
                    extra_compile_args=COMPILE,
                )
                for name, sources in MODULES.items()
            ),
        ],
    )
