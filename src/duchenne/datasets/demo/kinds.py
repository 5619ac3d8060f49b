"""The kinds of the demo's clips: how many smiles one holds, and where its ends cut them.

All are smiles with the cues of their class. Both clips of a pair are of one kind, and nothing that
a kind draws depends on the class.
"""

from dataclasses import replace

import numpy as np

from duchenne.datasets.demo.dynamics import SHORTER, SLOW_S, Smile, longest_smile

# Least time in s before and after a smile, in which the face is neutral.
LEAD_S, TAIL_S = 0.25, 0.15
# Least time in s between two smiles of a clip, and greatest.
REST_S = (0.15, 0.5)
# Share of the onset that is over when a `late` clip begins, and of the offset when an `early` one
# ends: the lips have 16 to 50 % of their amplitude in its first frame, 16 to 68 % in its last.
BEGUN, ENDED = (0.3, 0.5), (0.4, 0.7)

_AGAIN_S = REST_S[0] + longest_smile(apex_share=SHORTER[1])
_SMILE_S = LEAD_S + longest_smile() + TAIL_S
_SLOW_S = LEAD_S + longest_smile(onset_s=SLOW_S[1]) + TAIL_S
# Least and greatest length in s of the clips of each kind. `late` begins within the onset, `early`
# ends within the offset, `two` and `three` hold as many smiles, and the onsets of `slow` are slow.
LENGTHS_S = {
    "plain": (_SMILE_S, 4.2),
    "late": (longest_smile(), longest_smile() + 0.3),
    "early": (longest_smile(), longest_smile() + 0.3),
    "two": (_SMILE_S + _AGAIN_S, _SMILE_S + _AGAIN_S + 0.2),
    "three": (_SMILE_S + 2 * _AGAIN_S, _SMILE_S + 2 * _AGAIN_S + 0.2),
    "slow": (_SLOW_S, _SLOW_S + 0.2),
}
# Pairs of clips have these kinds by turns: two of three are plain, and the default demo of 56 pairs
# has 3 late, 3 early, 6 of two smiles and 6 slow ones.
KINDS = (
    *("plain",) * 7, "slow", "two", "plain", "plain", "late", "plain", "slow", "plain", "early",
    "plain", "two",
)  # fmt: skip


def place(smile: Smile, kind: str, rng: np.random.Generator, *, last_s: float) -> list[Smile]:
    """The smiles of a clip of a kind whose last frame is at `last_s`; the largest is the first.

    Nothing that is drawn here depends on the class.
    """
    match kind:
        case "late":
            return [replace(smile, start_s=-float(rng.uniform(*BEGUN)) * smile.rise_s)]
        case "early":
            fallen = float(rng.uniform(*ENDED)) * smile.offset_s
            return [replace(smile, start_s=last_s - fallen - smile.apex_s - smile.rise_s)]
        case "slow":
            return [replace(smile, slow=True)]
        case "two" | "three":
            return _in_turn(smile, rng, count=2 if kind == "two" else 3, last_s=last_s)
        case _:
            return [smile]


def _in_turn(smile: Smile, rng: np.random.Generator, *, count: int, last_s: float) -> list[Smile]:
    """The smile and weaker ones like it, in random order, with rest between them."""
    own = int(rng.integers(count))
    order = [smile if at == own else smile.again(rng) for at in range(count)]
    taken = sum(each.end_s - each.start_s for each in order) + (count - 1) * REST_S[0]
    spare = max(last_s - TAIL_S - smile.start_s - taken, 0.0)
    longer = min(spare / (count - 1), REST_S[1] - REST_S[0])
    start, placed = smile.start_s, []
    for each in order:
        placed.append(replace(each, start_s=start))
        start = placed[-1].end_s + REST_S[0] + longer * float(rng.random())
    return [placed.pop(own), *placed]
