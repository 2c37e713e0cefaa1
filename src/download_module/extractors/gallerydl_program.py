"""Asks gallery-dl's command-line program instead of the library, where the admin wants that.

It says less: cookies and most headers of a file are missing, names follow no template, and a wait that a site asks for
lasts until the time is over.
"""

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

from loguru import logger

from core.children import built_environment, end_child, start_child
from core.errors import ExtractionError
from core.locked_directory import LockedDirectory
from core.package_lock import packages_at_rest
from core.sandbox import Files, Network
from download_module.extractors.admins_files import named_files
from download_module.extractors.direct_extractor import USER_AGENT
from download_module.extractors.gallerydl_answer import Answer, Fault, File
from download_module.extractors.gallerydl_config import Request, address_of, config_for
from download_module.extractors.gallerydl_fields import alt_text
from download_module.extractors.gallerydl_harvest import Enough, Harvest
from download_module.extractors.unnamed_file import path_of, unnamed_file
from download_module.extractors.warm_children import LARGEST_FILE, PROCESSES, TOO_SLOW, ChildLimits, ChildNetwork

DIRECTORY, URL, QUEUE, ERROR = 2, 3, 6, -1  # the program's messages
UNSUPPORTED = 64  # its exit status
MAX_ANSWER = 32 * 1024 * 1024  # bytes
MAX_SAID = 20  # lines of its log
_STATUS = re.compile(r"'(\d{3}) ")


async def ask_program(
    request: Request,
    limits: ChildLimits,
    *,
    network: ChildNetwork = Network.HOST,
    inherit: Sequence[int] = (),
) -> Answer:
    """What the program prints about a URL.

    Raises:
        ExtractionError: no answer in time, or none that can be read.
    """
    await packages_at_rest()
    with (
        contextlib.closing(LockedDirectory("bb-gallery-dl-")) as directory,
        unnamed_file(request["cookies"] or "") as cookies,
        # In a file, because everybody on this machine can read a program's arguments.
        unnamed_file(json.dumps(_config(request, path_of(cookies) if request["cookies"] else None))) as config,
    ):
        options = ("--config-ignore", "--config", path_of(config), "--resolve-json")
        argv = ("-m", "gallery_dl", *options, "--", address_of(request))
        child = await start_child(
            (sys.executable, *argv),
            cwd=directory.path,
            env=built_environment(HOME="/nonexistent", PYTHONSAFEPATH="1"),
            inherit=(*inherit, cookies, config),
            network=network,
            files=Files(reads=named_files(request["admin"], request["site"]), writes=(directory.path,)),
            data_bytes=limits.memory_bytes,
            file_bytes=LARGEST_FILE,
            processes=PROCESSES,
        )
        try:
            async with asyncio.timeout(limits.timeout):
                out, said = await child.communicate()
        except TimeoutError as error:
            raise ExtractionError(TOO_SLOW) from error
        finally:
            await asyncio.shield(end_child(child))
    lines = said.decode(errors="replace").splitlines()[-MAX_SAID:]
    if child.returncode == UNSUPPORTED:
        return Answer(fault=Fault(kinds=["NoExtractorError"]), said=lines)
    try:
        return _answer(json.loads(out[:MAX_ANSWER]), request, lines)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        logger.bind(status=child.returncode).error("gallery-dl's program gave no answer: {}", lines)
        raise ExtractionError from error


def _config(request: Request, cookie_file: str | None) -> dict[str, Any]:
    most = request["max_items"]
    last = max((min(last or first + most, first + most - 1) for first, last in request["items"]), default=most)
    return config_for(request, cookie_file=cookie_file) | {
        "ratelimit": "abort",
        "file-range": f"1-{last}",
        "cache": {"file": ":memory:"},
        "output": {"private": True, "mode": "null"},
    }


def _answer(messages: list[Any], request: Request, said: list[str]) -> Answer:
    harvest, faults = Harvest(request), []
    category = ""
    with contextlib.suppress(Enough):
        for kind, *rest in messages:
            if kind == DIRECTORY:
                harvest.begin_post(rest[0])
                category = category or str(rest[0].get("category", ""))
            elif kind == URL:
                _gather(harvest, *rest, referer=urljoin(request["url"], "/"))
            elif kind == QUEUE and rest[0].startswith(("https://", "http://")) and harvest.may_link():
                harvest.add({"url": rest[0], "video": True, "sure": False})
            elif kind == ERROR:
                faults.append(_fault(rest[0]))
    return Answer(
        category=category,
        owner=request["instance"] or category,
        files=[File.model_validate(file) for file in harvest.files],
        post=harvest.post,
        seen=harvest.seen,
        cut=harvest.cut,
        # Pages that a page named may fail without harm, and the program does not tell whose fault it was.
        fault=faults[0] if faults and not harvest.files else None,
        said=said,
    )


def _gather(harvest: Harvest, url: str, values: dict[str, Any], *, referer: str) -> None:
    name = f"{values.get('filename') or values.get('id') or 'file'}.{values.get('extension') or ''}"
    if url.startswith("text:"):
        harvest.add({"url": "", "name": name, "text": url[5:]})
        return
    if harvest.wants_next():
        fallbacks = values.get("_fallback")
        others = [other for other in fallbacks if isinstance(other, str)] if isinstance(fallbacks, list) else []
        if "_ytdl_manifest_data" in values and others:
            url, *others = others
        harvest.add(
            {
                "url": url.removeprefix("ytdl:"),
                "name": name,
                "video": url.startswith("ytdl:"),
                "fallbacks": others,
                "headers": {"User-Agent": USER_AGENT, "Referer": referer, **_own_headers(values)},
                "alt": alt_text(str(values.get("category", "")), values),
            }
        )
    harvest.end_after_ranges()


def _own_headers(values: dict[str, Any]) -> dict[str, str]:
    own = values.get("_http_headers")
    return {name: value for name, value in own.items() if isinstance(value, str)} if isinstance(own, dict) else {}


def _fault(error: dict[str, Any]) -> Fault:
    message = str(error.get("message", ""))
    status = _STATUS.match(message)
    return Fault(kinds=[str(error.get("error"))], message=message, status=int(status[1]) if status else 0)
