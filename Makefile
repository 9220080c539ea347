# make demo: install, train on real text, look up, judge      make test: lint, types, tests
# make bench, sanitize, fuzz, lint, format, docs, links, wheels, coverage, lowest, parallel, clean: see CONTRIBUTING.md

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PY     := $(abspath $(BIN)/python)
# Python compiles the files that are imported when they are; pip would compile all of a package.
INSTALL := install -q --disable-pip-version-check --no-compile
# Warnings as the code is held to, for both compilers' sake without those of one alone.
CWARN  := -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only

# Compiling and installing what others made go on at once.
MAKEFLAGS += --jobs=2

.PHONY: demo test bench lint format sanitize fuzz torture tsan build docs links wheels coverage lowest parallel clean

# The newest pip, which installs twice as fast as the one that Pythons bring, by the pip of PYTHON,
# or, where it has none, by the one that Python carries.
FIRST := pip "setuptools>=77" "cython>=3.2"
$(VENV)/pip:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "wordvec needs Python 3.11 or later"'
	$(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(PY) $(INSTALL) $(FIRST) || \
	    { $(PY) -m ensurepip && $(PY) -m pip $(INSTALL) --upgrade $(FIRST); }
	touch $@

# An editable install with the extras in its name: test, gensim,report, bench. It compiles nothing.
$(VENV)/%: pyproject.toml setup.py | $(VENV)/pip
	WORDVEC_BUILT_IN_PLACE=1 $(PY) -m pip $(INSTALL) --no-build-isolation -e ".[$*]"
	touch $@

build: | $(VENV)/pip
	$(PY) setup.py -q build_ext --inplace -j 2

demo: $(VENV)/gensim,report build
	$(PY) -m evals.demo build/demo

test: $(VENV)/test build lint
	$(PY) -m pytest -n 2

lint: $(VENV)/test build
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run -Werror csrc/*.[ch]
	$(CC) $(CWARN) csrc/*.c
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(VENV)/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i csrc/*.[ch]

# The site, with executed tutorials; a warning is an error. Look at docs/_build/index.html.
docs: $(VENV)/docs build
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build

# Addresses that the pages point to; needs the network.
links: $(VENV)/docs build
	$(BIN)/sphinx-build -q -b linkcheck docs docs/_build/links

# The wheel and the source distribution, each installed and tried in an empty environment.
wheels: | $(VENV)/pip
	$(PY) -m pip $(INSTALL) build
	$(PY) tests/packages.py build/dist

# Figures beside those of the peers, measured in the same run. Needs the corpora: WORDVEC_DATA.
# PART=floor runs one part (evaluation, hierarchy, matrix, phrases, start, store, text, training,
# uncertainty); ONLY=glove what has that in its name; BENCH_ROUNDS, BENCH_WORDS and BENCH_EPOCHS make
# it shorter. The table goes to BENCH_PAGE.
PART ?= *
ONLY ?=
BENCH_PAGE ?= build/bench.md
bench: $(VENV)/bench build
	BENCH_PAGE=$(BENCH_PAGE) $(PY) -m pytest tests/bench/test_$(PART)_bench.py $(if $(ONLY),-k "$(ONLY)") \
	    --benchmark-timer=time.process_time --benchmark-columns=min,median,max,rounds

# The kernels' tests on a copy that is built with sanitizers; a report ends the run.
SANITIZERS := address,undefined
# libstdc++ is there before pyarrow and sentencepiece throw. The pinned bytes are those of a plain
# build: with sanitizers the compiler fuses other products and sums. The sanitizer's own memory is no
# measure of ours.
sanitize: $(VENV)/test
	rm -rf build/sanitize && mkdir -p build/sanitize
	cp -r setup.py pyproject.toml README.md LICENSE csrc wordvec data evals tests build/sanitize
	find build/sanitize/wordvec/native -name "*.so" -delete
	cd build/sanitize && CFLAGS="-g -fsanitize=$(SANITIZERS) -fno-sanitize-recover=undefined" \
	    LDFLAGS="-fsanitize=$(SANITIZERS)" $(PY) setup.py -q build_ext --inplace -j 2
	cd build/sanitize && PYTHONPATH=$$PWD ASAN_OPTIONS=detect_leaks=0 \
	    LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libstdc++.so.6)" \
	    $(PY) -m pytest -n 2 tests/native tests/models tests/training tests/text \
	    tests/counts tests/vectors/test_file.py --ignore tests/training/test_pins.py \
	    --ignore tests/models/test_memory.py --ignore tests/counts/test_budget.py

# Lines and branches of Python, and lines of C, that the tests run. C is built a second time for it,
# without optimisation and with gcov's counters. The report comes also when a test fails. Left out:
# tutorials (make docs runs them), what is killed or fills a disk (nothing counts there, and a limit
# on the size of files cuts gcov's counters of the whole run), and pins of a plain build's bytes.
coverage: $(VENV)/test
	rm -rf build/coverage && mkdir -p build/coverage
	cp -r setup.py pyproject.toml Makefile *.md *.cff LICENSE csrc wordvec data docs evals tests build/coverage
	rm -f $$(find build/coverage/wordvec/native -name '*.so')
	cd build/coverage && CFLAGS="-O0 -g0 --coverage" LDFLAGS="--coverage" \
	    $(PY) setup.py -q build_ext --inplace -j 2
	-cd build/coverage && PYTHONPATH=$$PWD $(PY) -m coverage run -m pytest -n 2 $(COVERED)
	cd build/coverage && $(PY) -m coverage combine -q && $(PY) -m coverage report
	$(PY) tests/c_coverage.py build/coverage
COVERED ?= --ignore tests/torture --ignore tests/test_tutorials.py \
    --ignore tests/training/test_pins.py --ignore tests/models/test_memory.py \
    --deselect tests/cli/test_process.py::test_scipy_is_not_loaded_where_it_would_hang \
    --deselect tests/cli/test_process.py::test_a_user_with_few_processes_gets_one_line \
    --deselect tests/cli/test_train.py::test_a_full_disk_leaves_no_half_file \
    --deselect tests/counts/test_count.py::test_a_write_that_fails_is_one_line_and_the_same_command_goes_on

# The oldest packages that pyproject.toml allows, in an environment of their own.
lowest: | $(VENV)/pip
	$(PY) tests/lowest.py build/lowest

# Look-ups and kernels, each test in several threads at once. What is marked thread_unsafe, and what
# the plugin itself takes for unsafe (capsys, monkeypatch), runs in one.
parallel: $(VENV)/test build
	$(PY) -m pip $(INSTALL) --target build/parallel --no-deps \
	    --upgrade "pytest-run-parallel>=0.10"
	PYTHONPATH=build/parallel $(PY) -m pytest --parallel-threads=8 --iterations=2 $(LOOKUPS)
LOOKUPS ?= tests/vectors tests/native

# Damaged and hostile files against every reader, for twice FUZZ_SECONDS.
FUZZ_SECONDS ?= 60
fuzz: $(VENV)/test build
	$(PY) tests/fuzz_store.py --seconds $(FUZZ_SECONDS)
	$(PY) tests/fuzz_readers.py --seconds $(FUZZ_SECONDS)

# Kills writers and trainings, each some 20 times: nothing may be lost or left behind.
KILLS ?= 1200
torture: $(VENV)/test build
	$(PY) tests/torture/kill.py --kills $(KILLS)

# What claims to be free of races, under the thread sanitizer.
tsan: $(VENV)/test
	rm -rf build/tsan && mkdir -p build/tsan
	cp -r setup.py pyproject.toml README.md LICENSE csrc wordvec data tests build/tsan
	find build/tsan/wordvec/native -name "*.so" -delete
	cd build/tsan && CFLAGS="-g -fsanitize=thread" LDFLAGS="-fsanitize=thread" \
	    $(PY) setup.py -q build_ext --inplace -j 2
	cd build/tsan && LD_PRELOAD=$$($(CC) -print-file-name=libtsan.so) PYTHONPATH=$$PWD \
	    TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1 exitcode=66" \
	    $(PY) tests/torture/races.py

clean:
	rm -rf build .venv *.egg-info
	find wordvec/native -name "*.so" -delete -o -name "*.c" -delete
