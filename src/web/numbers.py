"""Numbers in addresses, as far as a database has room for them."""

from starlette.requests import Request

from web.logins import NotYours

LARGEST = 2**63 - 1


def number_in_path(request: Request) -> int:
    """The id that a path names.

    Raises:
        NotYours: nothing can have this number.
    """
    number = int(request.path_params["id"])
    if number > LARGEST:
        raise NotYours
    return number


def number_asked(request: Request, name: str) -> int | None:
    """A number of the query, None when it is not there or means nothing."""
    text = request.query_params.get(name, "")
    return int(text) if text.isdecimal() and int(text[:20]) <= LARGEST and len(text) < 20 else None
