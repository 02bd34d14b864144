"""The faults that `mutants.py` makes: each is where it is reported, and none is in text for people."""

import ast

import pytest
from mutants import ROOT, codes, place, read_equivalent
from mutate import mutants, mutated, recording

SOURCE = '''
"""A text."""
import warnings

LIMIT = 3


class Counter:
    """Counts 1."""

    def __repr__(self):
        return "Counter" * 2

    def count(self, values: list = 1 + 1, *, least=True):
        """Return 1."""
        if not values or len(values) < LIMIT:
            raise ValueError(f"{len(values) + 1} values" + "!")
        warnings.warn(f"{1}" + "a", UserWarning, stacklevel=2)

        def inner(rows):
            return [row for row, _ in zip(rows[:-1], 'ab', strict=True)]

        return max(inner(values[least:]), key=abs) - 0.5
'''


#: Statements, or their heads, with what stands in them and what in place of it.
FAULTS = {
    "LIMIT = 3": [("3", "4")],
    "def count(self, values: list=1 + 1, *, least=True):": [
        ("1 + 1", "1 - 1"),
        ("1 + 1", "2 + 1"),
        ("1 + 1", "1 + 2"),
        ("True", "False"),
    ],
    "if not values or len(values) < LIMIT:": [(" or ", " and "), ("not ", ""), ("<", "<=")],
    "raise ValueError(f'{len(values) + 1} values' + '!')": [(None, "pass")],
    "warnings.warn(f'{1}' + 'a', UserWarning, stacklevel=2)": [(", stacklevel=2", ""), ("=2", "=3")],
    "return [row for row, _ in zip(rows[:-1], 'ab', strict=True)]": [("-1", "1"), ("-1", "-2")],
    "return max(inner(values[least:]), key=abs) - 0.5": [
        ("- 0.5", "+ 0.5"),
        (", key=abs", ""),
        ("max", "min"),
        ("least:", "least + 1:"),
        ("0.5", "1.5"),
    ],
}


def test_every_kind_of_fault_is_made_once_and_no_text_is_changed():
    found = [(mutant.before, mutant.after) for mutant in mutants(SOURCE, "counter.py")]
    expected = [
        (before, before.replace(old, new) if old else new)
        for before, faults in FAULTS.items()
        for old, new in faults
    ]
    assert sorted(found) == sorted(expected)
    outside = {mutant.before for mutant in mutants(SOURCE, "counter.py") if not mutant.function}
    assert outside == set(list(FAULTS)[:2])  # what takes effect when the module is imported


def test_a_mutant_is_the_module_with_that_change_alone():
    original = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in mutants(SOURCE, "counter.py"):
        changed = ast.unparse(mutated(SOURCE, mutant)).splitlines()
        pairs = [(old, new) for old, new in zip(original, changed, strict=True) if old != new]
        assert [(old.strip(), new.strip()) for old, new in pairs] == [(mutant.before, mutant.after)]


def test_the_function_of_a_mutant_is_found_among_the_code():
    for mutant in mutants(SOURCE, "counter.py"):
        tree = mutated(SOURCE, mutant)
        found = [place(code)[1:] for code in codes(compile(tree, "counter.py", "exec"))]
        assert mutant.function == "" or found.count((mutant.function, mutant.first_line)) == 1


def test_lines_are_recorded_as_they_run():
    lines, known = [], {"line_runs": lambda line: lines.append(line)}
    exec(compile(recording(SOURCE, "line_runs"), "counter.py", "exec"), known)
    assert lines == []
    with pytest.raises(ValueError, match="2 values!"):
        known["Counter"]().count([1])
    assert [SOURCE.splitlines()[line - 1].split()[0] for line in lines] == ['"""Return', "if", "raise"]


def test_what_is_called_equivalent_is_a_mutant():
    equivalent = read_equivalent()
    assert equivalent
    for file in {key[0] for key in equivalent}:
        known = {mutant.key[:4] for mutant in mutants((ROOT / file).read_text(), file)}
        assert {key for key in equivalent if key[0] == file} <= known
