"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import validators

MODULES = [module.name for module in pkgutil.iter_modules(validators.__path__) if module.name != "__main__"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"validators.{name}")).failed == 0
