"""Runs gallery-dl's extraction alone, in a process of its own; see `child_loop`. It downloads nothing but pages.

Asked with a `gallerydl_config.Request`, it answers with what `gallerydl_answer.Answer` reads.
"""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any, cast

from gallery_dl import exception

from download_module.extractors.child_loop import serve
from download_module.extractors.gallerydl_config import Request, address_of, config_for
from download_module.extractors.gallerydl_harvest import Enough, Harvest
from download_module.extractors.gallerydl_instances import guessed_instance
from download_module.extractors.gallerydl_job_child import GatheringJob, SiteWaits, configure, find
from download_module.extractors.unnamed_file import path_of, unnamed_file

MAX_SAID = 20  # lines of the library's log


class _Listener(logging.Handler):
    """Keeps what the library warns of: some extractors say why there is nothing, and end."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.said) < MAX_SAID:
            self.said.append(record.getMessage()[:500])


def main() -> None:
    """Answer until nobody asks any more."""
    listener = _Listener()
    logging.getLogger().addHandler(listener)

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        listener.said = []
        return _answer(cast("Request", request)) | {"said": listener.said}

    serve(answer)


def _answer(request: Request) -> dict[str, Any]:
    harvest = Harvest(request)
    about: dict[str, Any] = {}
    fault: BaseException | None = None
    try:
        about = _gather(request, harvest)
    except MemoryError:
        raise  # this process is of no use any more
    except (Exception, SiteWaits) as error:  # noqa: BLE001 - the other side knows what each means
        fault = error
    if fault is None and not harvest.files and harvest.missed:
        fault = harvest.missed[0]
    return about | {
        "guessed": harvest.guessed,
        "files": harvest.files,
        "post": harvest.post,
        "thread": harvest.thread(),
        "seen": harvest.seen,
        "cut": harvest.cut,
        "fault": _described(fault, harvest) if fault else None,
    }


def _gather(request: Request, harvest: Harvest) -> dict[str, Any]:
    """Fill the harvest; the library's names of the site and of its software."""
    configure({})
    address = address_of(request)
    try:
        found = find(address)
    except exception.NoExtractorError:
        guess = None if request["instance"] else guessed_instance(address)
        if guess is None:
            raise
        harvest.guessed = True
        address = f"{guess}:{address}"
        found = find(address)
    if found.category == "directlink":  # knows no more than the address says
        raise exception.NoExtractorError
    owner = found.basecategory or found.category
    with contextlib.suppress(Enough), _cookie_file(request) as cookie_file:
        configure(config_for(request, owner, cookie_file=cookie_file))
        GatheringJob(find(address), harvest).run()  # made anew: some read their options then
    return {"category": found.category, "owner": owner}


@contextlib.contextmanager
def _cookie_file(request: Request) -> Iterator[str | None]:
    if request["cookies"] is None:
        yield None
        return
    with unnamed_file(request["cookies"]) as descriptor:
        yield path_of(descriptor)


def _described(error: BaseException, harvest: Harvest) -> dict[str, Any]:
    response = getattr(error, "response", None)
    retry_after = harvest.retry_after
    if retry_after is None and isinstance(error, SiteWaits):
        retry_after = str(int(error.seconds))
    said = str(error)
    return {
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "message": said[:2000] if said != "None" else "",  # so are those without words
        "status": response.status_code if response is not None else harvest.status,
        "retry_after": retry_after,
    }


if __name__ == "__main__":
    main()
