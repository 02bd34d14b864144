"""Run the tests on programs with one small fault each, and report the faults that no test notices.

``python tests/mutants.py --out FOLDER`` makes the faults of `tests/mutate.py`, one at a time, in the modules that all
others stand on. First it records which test runs which line. Then every mutant gets a process of its own, forked from
one that has collected all tests: there the code of the function is exchanged, and the tests that run the changed lines
run until one fails, those of the module itself first, quick ones first. What is outside of functions takes effect when
modules are imported, so those mutants import everything anew. A mutant that takes far longer than the tests is killed
by time.

Results are lines of ``FOLDER/mutants.jsonl``; another call goes on from there. Mutants that no test can tell from the
original stand in ``tests/equivalent_mutants.txt``, each with its reason, and are counted apart.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import gc
import hashlib
import importlib.abc
import importlib.util
import json
import os
import random
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import hypothesis
import pytest
from mutate import Mutant, mutants, mutated, recording

ROOT = Path(__file__).parents[1]
MODULES = (
    "sktsad/_core/*.py",
    "sktsad/thresholds/*.py",
    "sktsad/metrics/*.py",
    "sktsad/preprocessing/_sliding_window.py",
)
TESTS = ("_core", "thresholds", "metrics", "preprocessing", "sampling", "model_selection", "postprocessing")
TESTS += ("detectors", "test_panels.py", "test_not_finite.py", "test_weights.py", "test_docstrings.py")
#: Tests that read signatures and documentation, and so run no line of what they test.
READERS = ("tests/test_docstrings.py",)
OPTIONS = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain"]
#: Seconds that a mutant may take beyond three times what its tests take.
PATIENCE = 20.0
#: Seconds beyond ``--seconds`` for what has started.
GRACE = 10.0

Test = dict[str, Any]  # file, name, seconds, and lines by module
Functions = dict[tuple[str, str, int], list[Any]]  # by where their code stands


# A child for each piece of work


def forked(work: Callable[[], Any], seconds: float) -> tuple[int, int]:
    """Do something in a child that is silent; return its process and where its answer can be read."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    try:
        os.setsid()  # so that whatever a test starts ends with it
        for limited, limit in ((resource.RLIMIT_DATA, 8 << 30), (resource.RLIMIT_CPU, int(seconds) + 1)):
            resource.setrlimit(limited, (limit, limit))
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        try:
            answer = {"answer": work()}
        except Exception:
            answer = {"error": traceback.format_exc()}
        with os.fdopen(writing, "w") as file:
            json.dump(answer, file)
    finally:
        os._exit(0)


def side_by_side(
    pieces: Iterable[tuple[Any, float, Callable[[], Any]]], jobs: int, deadline: float
) -> Iterator[tuple[Any, Any]]:
    """Do pieces of work, each with a name and a limit in seconds of computing, and yield names with answers.

    None is the answer of one that ran out of time or died. After the deadline none starts, and those that do not end
    soon are left without an answer.
    """
    pieces, running = iter(pieces), {}
    while True:
        if time.monotonic() > deadline + GRACE:
            for process, *_ in running.values():
                os.killpg(process, signal.SIGKILL)
            return
        while len(running) < jobs and time.monotonic() < deadline and (piece := next(pieces, None)):
            name, seconds, work = piece
            process, reading = forked(work, seconds)
            running[reading] = (process, name, time.monotonic() + 5 * seconds, [])
        if not running:
            return
        ready = select.select(list(running), [], [], 0.5)[0]
        for reading, (process, name, limit, parts) in list(running.items()):
            if reading in ready and (text := os.read(reading, 1 << 20)):
                parts.append(text)
            elif reading in ready or time.monotonic() > limit:
                del running[reading]
                os.close(reading)
                os.killpg(process, signal.SIGKILL)
                os.waitpid(process, 0)
                whole = json.loads(b"".join(parts)) if reading in ready and parts else {"answer": None}
                if "error" in whole:
                    raise RuntimeError(f"{name}: {whole['error']}")
                yield name, whole["answer"]


# In a session of pytest that has collected everything


class Watch:
    """Plugin: which tests fail, and how long they take."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.seconds = 0.0

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds += report.duration
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(f"import of {report.nodeid}")


class Lines:
    """Notes which lines of some modules run while they are imported."""

    def __init__(self, files: Iterable[str]) -> None:
        self.files = {str(ROOT / file): file for file in files}
        self.seen: set[tuple[str, int]] = set()

    def __call__(self, frame: Any, event: str, argument: Any) -> Any:
        file = self.files.get(frame.f_code.co_filename)
        if file is None:
            return None
        self.seen.add((file, frame.f_lineno))
        return self


def run_tests(session: Any, items: list[Any], watch: Watch, *, first_failure: bool) -> None:
    """Run collected tests."""
    session.config.pluginmanager.register(watch)
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if first_failure and watch.failed:
            return


class Session:
    """Plugin that runs mutants in place of the tests."""

    def __init__(self, lines: Lines, run: Run) -> None:
        self.lines, self.run, self.is_done = lines, run, False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        sys.settrace(None)
        self.run.at_import = self.lines.seen
        session.config._tmp_path_factory.getbasetemp()  # one for all children
        for item in session.items:
            make_short(item.obj)
        try:
            self.run.in_session(session)
            self.is_done = True
        except TimeoutError as error:
            say(str(error))
        return True


def make_short(test: Any) -> None:
    """Let a property test draw no more examples than the profile says, whatever it asks for itself."""
    name = "_hypothesis_internal_use_settings"
    wanted, most = getattr(test, name, None), hypothesis.settings.default.max_examples
    if wanted is not None and wanted.max_examples > most:
        setattr(test, name, hypothesis.settings(wanted, max_examples=most))


def watched(session: Any, items: list[Any], sources: dict[str, str], functions: Functions) -> list[Test]:
    """Run tests one by one, and say what each takes and runs; leave out those that fail."""
    seen: dict[str, set[int]] = {}
    for number, (file, source) in enumerate(sources.items()):
        seen[file] = set()
        setattr(builtins, f"line_of_{number}_runs", seen[file].add)
        exchange(recording(source, f"line_of_{number}_runs"), file, functions)
    tests = []
    for item in items:
        for lines in seen.values():
            lines.clear()
        watch = Watch()
        run_tests(session, [item], watch, first_failure=False)
        session.config.pluginmanager.unregister(watch)
        if not watch.failed:
            lines = {file: sorted(found) for file, found in seen.items() if found}
            test = {
                "name": item.nodeid,
                "file": item.nodeid.split("::")[0],
                "seconds": watch.seconds,
                "lines": lines,
            }
            tests.append(test)
    return tests


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all within."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def place(code: CodeType) -> tuple[str, str, int]:
    """Return what tells a code object from others."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def exchange(tree: ast.Module, file: str, functions: Functions, only: tuple[str, int] | None = None) -> int:
    """Give functions the code that they have in another tree of their module; return the number of those."""
    n_exchanged = 0
    for code in codes(compile(tree, str(ROOT / file), "exec")):
        if only in (None, place(code)[1:]):
            for inner in codes(code):
                for function in functions.get(place(inner), ()):
                    function.__code__ = inner
                    n_exchanged += 1
    return n_exchanged


# In a process that has not imported the package


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module of the package with its fault."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.name, self.path, self.tree = file.removesuffix(".py").replace("/", "."), str(ROOT / file), tree

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, name: str) -> CodeType:
        return compile(self.tree, self.path, "exec")

    def get_source(self, name: str) -> str:
        return Path(self.path).read_text()


def load_libraries(n_examples: int) -> None:
    """Import what takes long, once for all children, and make property tests short and the same each time."""
    import imblearn.pipeline
    import scipy.stats
    import sklearn.utils.estimator_checks
    import torch  # noqa: F401

    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=n_examples,
        phases=phases,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutants")
    del imblearn, scipy, sklearn


# All together


class Run:
    """All mutants, what is known of them, and the work that is left."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.deadline = time.monotonic() + options.seconds
        self.kept, self.kept_lines = options.out / "mutants.jsonl", options.out / "lines.json"
        files = sorted(str(file.relative_to(ROOT)) for glob in options.modules for file in ROOT.glob(glob))
        self.sources = {file: (ROOT / file).read_text() for file in files}
        self.all = [mutant for file in files for mutant in mutants(self.sources[file], file)]
        if options.sample:
            random.Random(options.seed).shuffle(self.all)  # a larger sample holds the smaller ones
            self.all = self.all[: options.sample]
        if options.again:
            lines = self.kept.read_text().splitlines(keepends=True) if self.kept.exists() else []
            self.kept.write_text("".join(line for line in lines if json.loads(line)["killed_by"]))
        self.results = self.read()
        self.tests: list[Test] = []
        self.at_import: set[tuple[str, int]] = set()

    def read(self) -> dict[tuple, str]:
        """Read the results that are kept: the last one of each mutant."""
        lines = self.kept.read_text().splitlines() if self.kept.exists() else []
        return {tuple(line["key"]): line["killed_by"] for line in map(json.loads, lines)}

    def left(self) -> list[Mutant]:
        """Return the mutants to run."""
        return [mutant for mutant in self.all if mutant.key not in self.results]

    def keep(self, mutant: Mutant, killed_by: str | None) -> None:
        self.results[mutant.key] = "time" if killed_by is None else killed_by
        line = {"key": mutant.key, "line": mutant.lines[0], "killed_by": self.results[mutant.key]}
        with self.kept.open("a") as file:
            print(json.dumps(line), file=file)

    def run(self, work: list[tuple[Mutant, float, Callable[[], str]]], is_last: bool) -> None:
        say(f"{len(work)} mutants to {'import' if is_last else 'exchange'}")
        for number, (mutant, killed_by) in enumerate(side_by_side(work, self.options.jobs, self.deadline), 1):
            if killed_by != "" or is_last or not self.runs_at_import(mutant):
                self.keep(mutant, killed_by)
            if number % 50 == 0:
                say(f"{number} of {len(work)}")

    def tree(self, mutant: Mutant) -> ast.Module:
        return mutated(self.sources[mutant.file], mutant)

    def runs_at_import(self, mutant: Mutant) -> bool:
        """Tell whether a mutant takes effect while modules are imported and tests collected."""
        lines = range(mutant.lines[0], mutant.lines[1] + 1)
        return not mutant.function or any((mutant.file, line) in self.at_import for line in lines)

    # In the session

    def in_session(self, session: Any) -> None:
        """Record what each test runs, then run the mutants inside of functions."""
        items = {item.nodeid: item for item in session.items}
        functions: Functions = {}
        gc.unfreeze()  # tests/conftest.py has hidden what was there before the first test
        for function in gc.get_objects():
            if type(function) is FunctionType and function.__code__.co_filename.startswith(f"{ROOT}/sktsad/"):
                functions.setdefault(place(function.__code__), []).append(function)
        gc.freeze()
        self.record(session, list(items.values()), functions)
        by_line: dict[tuple[str, int], list[int]] = {}
        for number, test in enumerate(self.tests):
            for file, lines in test["lines"].items():
                for line in lines:
                    by_line.setdefault((file, line), []).append(number)
        work = []
        for mutant in self.left():
            tests = self.chosen(mutant, by_line)
            if tests:
                run = partial(
                    self.run_exchanged, session, [items[test["name"]] for test in tests], mutant, functions
                )
                work.append((mutant, PATIENCE + 3 * sum(test["seconds"] for test in tests), run))
            elif not self.runs_at_import(mutant):
                self.keep(mutant, "")  # no test runs it
        self.run(work, is_last=False)

    def record(self, session: Any, items: list[Any], functions: Functions) -> None:
        """Find out which lines each test runs, or read it where nothing has changed since."""
        kept = json.loads(self.kept_lines.read_text()) if self.kept_lines.exists() else {}
        of_file: dict[str, list[Any]] = {}
        for item in items:
            of_file.setdefault(item.nodeid.split("::")[0], []).append(item)
        helpers = [
            *ROOT.glob("tests/naive*.py"),
            ROOT / "tests" / "strategies.py",
            ROOT / "tests" / "conftest.py",
        ]
        shared = "".join([*self.sources.values(), *(file.read_text() for file in sorted(helpers))])
        now = {
            file: hashlib.sha256(f"{shared}{(ROOT / file).read_text()}".encode()).hexdigest()
            for file in of_file
        }
        lines: dict[str, Any] = {
            file: kept[file] for file in now if kept.get(file, {}).get("digest") == now[file]
        }
        say(f"{len(items)} tests; {len(now) - len(lines)} of {len(now)} files to record")
        work = []
        for file in now.keys() - lines.keys():
            for start in range(0, len(of_file[file]), 20):
                part = of_file[file][start : start + 20]
                run = partial(watched, session, part, self.sources, functions)
                work.append(((file, len(part)), 300.0, run))
        found, left = [], Counter(file for (file, _), *_ in work)
        for (file, n_items), tests in side_by_side(work, self.options.jobs, self.deadline):
            found += tests or []
            left[file] -= 1
            if not left[file]:
                tests_of_file = [test for test in found if test["file"] == file]
                lines[file] = {"digest": now[file], "tests": tests_of_file}
            if tests is None or len(tests) < n_items:
                say(f"{file}: {n_items - len(tests or [])} tests fail without a mutant: left out")
        self.kept_lines.write_text(json.dumps(kept | lines | {"at import": sorted(self.at_import)}))
        if lines.keys() != now.keys():
            raise TimeoutError("no time for mutants is left: call again")
        self.tests = [test for file in sorted(lines) for test in lines[file]["tests"]]

    def chosen(self, mutant: Mutant, by_line: dict[tuple[str, int], list[int]]) -> list[Test]:
        """Return the tests that run a mutant's lines: of its own module first, quick ones first."""
        found = by_line.get((mutant.file, mutant.lines[0]), [])
        own = own_tests(mutant)
        chosen, seconds = [], 0.0
        for test in sorted(
            (self.tests[n] for n in found), key=lambda test: (test["file"] != own, test["seconds"])
        ):
            seconds += test["seconds"]
            if seconds < self.options.test_seconds or test["file"] == own:
                chosen.append(test)
        return chosen if mutant.function else []

    def run_exchanged(self, session: Any, items: list[Any], mutant: Mutant, functions: Functions) -> str:
        """Exchange the code of the function that holds the mutant; return the first test that fails."""
        only = (mutant.function, mutant.first_line)
        if not exchange(self.tree(mutant), mutant.file, functions, only):
            raise LookupError(f"no function {mutant.function} in {mutant.file}")
        watch = Watch()
        run_tests(session, items, watch, first_failure=True)
        return next(iter(watch.failed), "")

    # Without the package

    def imported(self) -> None:
        """Run the mutants that take effect at import."""
        self.results |= self.read()
        kept = json.loads(self.kept_lines.read_text())
        self.at_import = {(file, line) for file, line in kept.pop("at import")}
        work = []
        for mutant in self.left():
            if not self.runs_at_import(mutant):
                continue
            seconds: Counter = Counter()
            for file, known in kept.items():
                seconds[file] = sum(
                    test["seconds"] for test in known["tests"] if mutant.file in test["lines"]
                )
            own = own_tests(mutant)  # also where a module is but a table, of which no test runs a line
            files = sorted({*(+seconds), own} & {*kept}, key=lambda file: (file != own, seconds[file]))
            while len(files) > 1 and sum(seconds[file] for file in files) > self.options.test_seconds:
                files.pop()
            limit = 3 * PATIENCE + 3 * sum(seconds[file] for file in files)
            files += [file for file in READERS if file in kept]
            if files:
                work.append((mutant, limit, partial(self.run_imported, files, mutant)))
            else:
                self.keep(mutant, "")  # no test knows the module
        self.run(work, is_last=True)

    def run_imported(self, files: list[str], mutant: Mutant) -> str:
        """Import a mutant and run whole files of tests; return the first that fails."""
        sys.meta_path.insert(0, Mutated(mutant.file, self.tree(mutant)))
        watch = Watch()
        code = pytest.main([*OPTIONS, "-x", *files], plugins=[watch])
        return next(iter(watch.failed), "" if code == 0 else "an error of pytest")

    def report(self) -> None:
        """Print survivors, and how many there are."""
        self.results = self.read()
        equivalent = read_equivalent()
        known = [mutant for mutant in self.all if mutant.key in self.results]
        survived = [mutant for mutant in known if not self.results[mutant.key]]
        silent = [mutant for mutant in survived if mutant.key[:4] not in equivalent]
        for mutant in silent:
            print(
                f"\n{mutant.file}: {mutant.function}\n- {mutant.before}\n+ {mutant.after}\n  line {mutant.lines[0]}"
            )
        killed = {mutant.key[:4] for mutant in known if self.results[mutant.key]}
        for key in sorted(equivalent & killed):
            print(f"\nCalled equivalent, but killed: {key[0]}: {key[1]}\n- {key[2]}\n+ {key[3]}")
        n_equivalent = len(survived) - len(silent)
        n_killed = len(known) - len(survived)
        by_time = sum(self.results[mutant.key] == "time" for mutant in known)
        print(
            f"\n{len(known)} of {len(self.all)} mutants ran: {n_killed} killed ({by_time} by time), "
            f"{n_equivalent} called equivalent ({n_equivalent / max(1, len(known)):.1%}), {len(silent)} survived. "
            f"Killed of those not called equivalent: {n_killed / max(1, len(known) - n_equivalent):.1%}"
        )


def own_tests(mutant: Mutant) -> str:
    """Return the file of the tests that mirrors the mutant's module."""
    path = Path(mutant.file)
    return f"tests/{path.parent.relative_to('sktsad')}/test{path.stem}.py"


def read_equivalent() -> set[tuple[str, str, str, str]]:
    """Read ``equivalent_mutants.txt``: blocks of a place, ``- before``, ``+ after`` and a reason."""
    found = set()
    for block in (ROOT / "tests" / "equivalent_mutants.txt").read_text().split("\n\n"):
        lines = block.strip().splitlines()
        if len(lines) > 3 and lines[1].startswith("- "):
            file, function = lines[0].split(": ") if ": " in lines[0] else (lines[0].rstrip(":"), "")
            found.add((file, function, lines[1][2:], lines[2][2:]))
    return found


def say(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", default=MODULES, help="patterns of files, from the root")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutants", help="folder for results")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes side by side")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no mutant after that time")
    parser.add_argument("--sample", type=int, help="number of mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of that draw")
    parser.add_argument("--examples", type=int, default=25, help="examples of a property test at most")
    parser.add_argument("--again", action="store_true", help="run what survived before again")
    parser.add_argument("--tests", nargs="*", default=TESTS, help="folders and files of tests")
    parser.add_argument(
        "--test-seconds", type=float, default=15, help="of tests for a mutant, beside its module's own"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    run = Run(options)
    say(f"{len(run.left())} of {len(run.all)} mutants to run")
    if run.left():
        load_libraries(options.examples)
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
            process = os.fork()
            if not process:
                collect_and_run(run)
            if os.waitpid(process, 0)[1]:
                sys.exit("The tests were not collected and run to the end.")
            run.imported()
    run.report()


def collect_and_run(run: Run) -> None:
    """Collect all tests once, in a child, and run the mutants of functions from there."""
    code = 1
    try:
        lines = Lines(run.sources)
        sys.settrace(lines)
        session = Session(lines, run)
        code = int(
            pytest.main(
                [*OPTIONS, *(str(ROOT / "tests" / name) for name in run.options.tests)], plugins=[session]
            )
        )
        code = 0 if session.is_done else code or 1
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
