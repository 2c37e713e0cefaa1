"""A look through a .torrent before a library reads it: whether it is bencoded, and small (BEP 3).

Libraries take a length that a stranger wrote for the memory that they reserve, and a depth for that of the stack.
"""

from core.errors import TooLarge

MAX_VALUES = 500_000  # strings, numbers, lists and dictionaries in all
MAX_NESTING = 32  # lists and dictionaries in one another
MAX_DIGITS = 20  # of a number, or of a string's length
_END, _NUMBER, _LIST, _DICTIONARY = b"eild"
_DIGITS = frozenset(b"0123456789")


def look_through(data: bytes) -> None:
    """Go over all of it without keeping anything.

    Raises:
        ValueError: it is no dictionary in bencoding, or deeper than any that is meant to be read.
        TooLarge: there is more in it than in any torrent.
    """
    if data[:1] != b"d":
        raise ValueError("no dictionary")
    at = depth = values = 0
    while True:
        if at >= len(data):
            raise ValueError("cut off")
        kind = data[at]
        if kind == _END:
            depth, at = depth - 1, at + 1
        elif kind in (_LIST, _DICTIONARY):
            depth, at = depth + 1, at + 1
        elif kind == _NUMBER:
            at = _after_number(data, at + 1)
        else:
            at = _after_string(data, at)
        values += 1
        if values > MAX_VALUES:
            raise TooLarge("This torrent is larger than any that can be read.")
        if depth > MAX_NESTING:
            raise ValueError("deeper than any torrent")
        if depth == 0:
            return


def _after_number(data: bytes, at: int) -> int:
    end = data.find(b"e", at, at + MAX_DIGITS + 2)
    digits = data[at + (data[at : at + 1] == b"-") : end]
    if end < 0 or not digits or not _DIGITS.issuperset(digits):
        raise ValueError("no number")
    return end + 1


def _after_string(data: bytes, at: int) -> int:
    colon = data.find(b":", at, at + MAX_DIGITS + 1)
    digits = data[at:colon]
    if colon < 0 or not digits or not _DIGITS.issuperset(digits):
        raise ValueError("neither a value nor its end")
    end = colon + 1 + int(digits)
    if end > len(data):
        raise ValueError("a string beyond the end")
    return end
