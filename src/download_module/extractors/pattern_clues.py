"""What a URL must contain for a pattern to match it, so that a look at thousands of patterns tries only a few.

Runs in the short-lived children that read the libraries' patterns: taking patterns apart costs more than using them.
"""

import json
import re._constants as sre  # type: ignore[import-not-found]  # the standard library's own parser, without stubs
import re._parser as sre_parser  # type: ignore[import-not-found]
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from download_module.extractors.pattern_safety import is_safe

CLUE_LENGTH = 4  # characters
MAX_EXACT = 256  # strings that are kept of what a piece of a pattern may match
SCHEMES = ("https://", "http://")

Strings = frozenset[str]
EMPTY: Strings = frozenset(("",))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a piece of a pattern: all that it matches, when that is little; what must be in a match."""

    exact: Strings | None = None
    required: Strings | None = None


def print_patterns(patterns: Iterable[tuple[str, str]]) -> None:
    """Print a library's patterns, by name and in its order, as `library_matchers.Dump`.

    Those that a hostile URL could keep busy for ever are left out: their pages are asked of the libraries themselves.
    """
    kept = [(name, pattern) for name, pattern in patterns if is_safe(pattern)]
    clues, always = clues_of([pattern for _, pattern in kept])
    json.dump({"patterns": kept, "clues": clues, "always": always}, sys.stdout)


def clues_of(patterns: Sequence[str]) -> tuple[dict[str, list[int]], list[int]]:
    """Index patterns by pieces of text that a match must contain.

    Returns:
        Positions of patterns by clue, a lower-case string of CLUE_LENGTH characters; and the positions of patterns
        that have no clue and are always tried.
    """
    required = [_required(pattern) for pattern in patterns]
    often = Counter(piece for texts in required for piece in {piece for text in texts for piece in _pieces(text)})
    clues: dict[str, list[int]] = {}
    always = []
    for position, texts in enumerate(required):
        if not texts:
            always.append(position)
        for clue in sorted({min(_pieces(text), key=lambda piece: (often[piece], piece)) for text in texts}):
            clues.setdefault(clue, []).append(position)
    return clues, always


def _pieces(text: str) -> set[str]:
    return {text[i : i + CLUE_LENGTH] for i in range(len(text) - CLUE_LENGTH + 1)}


def _required(pattern: str) -> Strings:
    """Lower-case texts of which one is in every match, each at least CLUE_LENGTH long; none when there are no such."""
    known = _sequence(sre_parser.parse(pattern))
    texts = frozenset(_without_scheme(text) for text in known.required or EMPTY)
    return texts if min(map(len, texts)) >= CLUE_LENGTH else frozenset()


def _sequence(items: Iterable[Any]) -> _Known:
    run, best, whole = EMPTY, EMPTY, True
    for operation, argument in items:
        known = _item(operation, argument)
        if known.exact is not None and len(run) * len(known.exact) <= MAX_EXACT:
            run = frozenset(a + b for a, b in product(run, known.exact))
            continue
        best, whole = _better(best, run), False
        run = known.exact or EMPTY
        best = _better(best, known.required or EMPTY)
    return _Known(run if whole else None, _better(best, run))


def _item(operation: Any, argument: Any) -> _Known:
    match operation:
        case sre.LITERAL:
            text = frozenset((chr(argument).lower(),))
            return _Known(text, text)
        case sre.IN if all(kind is sre.LITERAL for kind, _ in argument):
            texts = frozenset(chr(code).lower() for _, code in argument)
            return _Known(texts, texts)
        case sre.SUBPATTERN | sre.ATOMIC_GROUP:
            return _sequence(argument[-1] if operation is sre.SUBPATTERN else argument)
        case sre.BRANCH:
            return _branches([_sequence(branch) for branch in argument[1]])
        case sre.MAX_REPEAT | sre.MIN_REPEAT | sre.POSSESSIVE_REPEAT:
            return _repeated(*argument)
        case sre.AT | sre.ASSERT | sre.ASSERT_NOT:
            return _Known(EMPTY, None)  # takes no text
    return _Known()


def _branches(branches: list[_Known]) -> _Known:
    exact: set[str] | None = set()
    required: set[str] = set()
    for branch in branches:
        exact = exact | branch.exact if exact is not None and branch.exact is not None else None
        required |= branch.required or EMPTY
    return _Known(frozenset(exact) if exact is not None else None, frozenset(required))


def _repeated(least: int, most: int, items: Iterable[Any]) -> _Known:
    known = _sequence(items)
    if (least, most) == (1, 1):
        return known
    if (least, most) == (0, 1) and known.exact is not None:
        return _Known(known.exact | EMPTY, EMPTY)
    return _Known(None, known.required if least else None)


def _better(one: Strings, other: Strings) -> Strings:
    """The one that says more: its shortest text is longer, or there are fewer of them."""
    return max(one, other, key=lambda texts: (min(len(_without_scheme(text)) for text in texts), -len(texts)))


def _without_scheme(text: str) -> str:
    for scheme in SCHEMES:
        text = text.removeprefix(scheme)
    return text
