"""Every public name has a docstring in which each of its parameters has an entry of its own."""

import inspect
import re
from ast import literal_eval
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path

from sklearn.base import BaseEstimator

import sktsad

ROOMS = sorted(path.parent.name for path in Path(sktsad.__file__).parent.glob("[!_]*/__init__.py"))
PUBLIC = {
    f"{room}.{name}": getattr(module, name)
    for room, module in ((room, import_module(f"sktsad.{room}")) for room in ROOMS)
    for name in module.__all__
    if callable(getattr(module, name))
}


def entries(documented):
    """Return what stands after the colon for each name in the section of parameters."""
    text = inspect.getdoc(documented) or ""
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-{3,}|\Z)", text, flags=re.MULTILINE | re.DOTALL
    )
    lines = section.group(1).splitlines() if section else []
    found = [
        match.groups() for line in lines if (match := re.match(r"((?:\*{0,2}\w+(?:, )?)+) : (.*)", line))
    ]
    return {name.lstrip("*"): what for names, what in found for name in names.split(", ")}


def parameters(public):
    if inspect.isclass(public):
        makes = public.__init__
        if getattr(makes, "__module__", "").split(".")[0] != "sktsad":
            return []  # made as its base is made
        return [p for p in inspect.signature(makes).parameters.values() if p.name != "self"]
    return list(inspect.signature(public).parameters.values())


def test_each_parameter_has_an_entry():
    missing = {
        (name, parameter.name)
        for name, public in PUBLIC.items()
        if not is_dataclass(public)
        for parameter in parameters(public)
        if parameter.name not in entries(public)
    }
    assert not missing
    assert not [name for name, public in PUBLIC.items() if not inspect.getdoc(public)]


def test_no_constructor_of_an_estimator_takes_what_it_does_not_name():
    estimators = [
        name
        for name, public in PUBLIC.items()
        if inspect.isclass(public) and issubclass(public, BaseEstimator)
    ]
    assert len(estimators) > 25
    unnamed = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    assert not [name for name in estimators if unnamed & {p.kind for p in parameters(PUBLIC[name])}]


def test_a_default_is_what_its_entry_says():
    for name, public in PUBLIC.items():
        documented = entries(public)
        for parameter in [] if is_dataclass(public) else parameters(public):
            default = documented[parameter.name].partition("default=")[2]
            if re.fullmatch(r"""[-\d.]+|None|True|False|"\w+"|[(\[].*[)\]]""", default):
                assert parameter.default == literal_eval(default), (name, parameter.name)
