"""Each fault, in the short form: the answer is right or an error of ours, and nothing is left."""

from __future__ import annotations

import pytest

from tests.faults.fuzz import TARGETS, fuzz
from tests.faults.harness import attempt
from tests.faults.suite import CASES


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_fault_does_no_harm(name: str) -> None:
    _, case = CASES[name]
    trial, reason, _ = attempt(case, is_full=False)
    if reason:
        pytest.skip(f"{name}: {reason}")
    assert trial.wrong == []
    assert trial.leftovers == []
    assert trial.tries


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_mutants_of_what_strangers_give_do_no_harm(name: str) -> None:
    assert fuzz(name, 100) == []
