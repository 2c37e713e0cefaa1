"""Which patterns may take time that doubles with every character of a hostile URL.

Such a pattern repeats something that itself repeats, and nothing says where one round ends and the next begins:
`(?:[^?#]+/)*` tries every way to divide a/a/a/a into rounds, `(?:[^/]+/)*` has but one.
"""

import re
import re._constants as sre  # type: ignore[import-not-found]  # the standard library's own parser, without stubs
import re._parser as sre_parser  # type: ignore[import-not-found]
from collections.abc import Iterable
from typing import Any

ENDLESS = 100  # repeats; from here on an upper bound is no help
ASCII = [chr(code) for code in range(32, 127)]


def is_safe(pattern: str) -> bool:
    """Whether no repeat in a repeat can be divided in more than one way."""
    return not any(_is_ambiguous(body) for body in _rounds(sre_parser.parse(pattern)))


def _rounds(items: Iterable[Any]) -> Iterable[list[Any]]:
    """What is repeated without end, at any depth."""
    for operation, argument in items:
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT) and argument[1] >= ENDLESS:
            yield list(argument[2])
        for inner in _inner(operation, argument):
            yield from _rounds(inner)


def _inner(operation: Any, argument: Any) -> list[Any]:
    match operation:
        case sre.SUBPATTERN:
            return [argument[-1]]
        case sre.MAX_REPEAT | sre.MIN_REPEAT:
            return [argument[2]]
        case sre.BRANCH:
            return list(argument[1])
    return []


def _is_ambiguous(body: list[Any]) -> bool:
    """Whether one round may look like two: what repeats in it also takes all that separates rounds."""
    while len(body) == 1 and body[0][0] is sre.SUBPATTERN:
        body = list(body[0][1][-1])
    endless = [
        set().union(*map(_characters, argument[2]))
        for operation, argument in body
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT) and argument[1] >= ENDLESS
    ]
    taken = set().union(*endless)
    return bool(endless) and all(_characters(item) & taken for item in body if _is_one_character(item))


def _is_one_character(item: Any) -> bool:
    return item[0] in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY)


def _characters(item: Any) -> set[str]:
    """The printable characters that an item of one character takes; all of them when it is something else."""
    operation, argument = item
    if operation is sre.LITERAL:
        return {chr(argument)}
    if operation is sre.NOT_LITERAL:
        return {character for character in ASCII if ord(character) != argument}
    if operation is sre.IN:
        kept = set().union(*(_members(kind, value) for kind, value in argument))
        return set(ASCII) - kept if argument[0][0] is sre.NEGATE else kept
    return set(ASCII)


def _members(kind: Any, value: Any) -> set[str]:
    match kind:
        case sre.LITERAL:
            return {chr(value)}
        case sre.RANGE:
            return {character for character in ASCII if value[0] <= ord(character) <= value[1]}
        case sre.CATEGORY:
            return {character for character in ASCII if re.match(CATEGORIES[value], character)}
    return set()


CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_WORD: r"\w",
    sre.CATEGORY_NOT_WORD: r"\W",
}
