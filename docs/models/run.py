"""Checks every scenario: those of the protocols as they are hold, and each one with a step broken fails.

python3 run.py            one line a scenario; exit status 1 if any behaves other than expected
python3 run.py -v WORD    with the steps of the failures, for scenarios whose names contain WORD
"""

import sys

import armed
import calls
import exclusive
import firstwrite
import fork
import lineage
import mappings
import migrate
import mirror
import mutex
import nodes
import pins
import read
import shared
import store

MODELS = [fork, armed, read, firstwrite, nodes, mappings, lineage, migrate, shared, mirror, pins, exclusive, calls, mutex,
          store]
SCENARIOS = [scenario for model in MODELS for scenario in model.SCENARIOS]


def main():
    verbose = "-v" in sys.argv
    wanted = [argument for argument in sys.argv[1:] if argument != "-v"]
    surprises = 0
    for scenario in SCENARIOS:
        if not all(word in scenario.name for word in wanted):
            continue
        wrong, states, path = scenario.explore()
        expected = bool(wrong) == scenario.must_fail
        surprises += not expected
        verdict = "holds" if not wrong else ("fails as it must: " if expected else "FAILS: ") + wrong
        if not wrong and not expected:
            verdict = "HOLDS, but should fail"
        print(f"{scenario.name:<84} {states:>7} states  {verdict}")
        if path and (verbose or not expected):
            print("".join(f"      {step}\n" for step in path), end="")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
