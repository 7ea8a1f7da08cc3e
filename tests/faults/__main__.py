"""Provoke every fault that this machine can, and print what came of it: ``make faults``.

With names as arguments, only those cases. ``--short`` runs the form that the test suite runs.
"""

from __future__ import annotations

import argparse
import sys

from tests.faults.harness import attempt
from tests.faults.suite import CASES


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.faults")
    options.add_argument("names", nargs="*", choices=[[], *CASES], metavar="case")
    options.add_argument("--short", action="store_true")
    chosen = options.parse_args()
    print(f"{'case':<72}{'no.':<12}{'tries':>7}{'wrong':>7}{'left':>6}{'s':>7}")
    is_well = True
    skipped = []
    for name in chosen.names or CASES:
        numbers, case = CASES[name]
        trial, reason, seconds = attempt(case, is_full=not chosen.short)
        if reason:
            skipped.append(f"skipped: {name.replace('_', ' ')} ({numbers}): {reason}")
            continue
        counts = f"{trial.tries:>7}{len(trial.wrong):>7}{len(trial.leftovers):>6}{seconds:>7.1f}"
        print(f"{name.replace('_', ' '):<72}{numbers:<12}{counts}", flush=True)
        for finding in [*trial.wrong, *trial.leftovers][:5]:
            print(f"    {finding}")
        is_well = is_well and not (trial.wrong or trial.leftovers)
    print("\n".join(skipped))
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
