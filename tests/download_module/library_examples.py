"""Run as a script: prints what the libraries' own test data say, and whether they know URLs. Imports both libraries.

Stdin is a JSON list of [library, URL]; stdout a JSON object: `examples` is a list of [library, name, URL], `known` a
list of booleans, one for each pair of stdin.
"""

import json
import os
import sys

os.environ["YTDLP_NO_LAZY_EXTRACTORS"] = "1"  # the lazy ones carry no tests

from gallery_dl import extractor as gallerydl
from yt_dlp.extractor import gen_extractor_classes


def main() -> None:
    pages = [one for one in gen_extractor_classes() if one._ENABLED and owns_pages(one.__module__)]
    examples = [
        ("ytdlp", one.ie_key() if one in pages else "", test["url"])
        for one in gen_extractor_classes()
        for test in one.get_testcases(include_onlymatching=True)
    ]
    examples += [
        ("gallerydl", one.__name__, url.strip())
        for one in gallerydl.extractors()
        for url in one.example.splitlines()
        if url.strip()
    ]
    known = [
        gallerydl.find(url) is not None if library == "gallerydl" else any(one.suitable(url) for one in pages)
        for library, url in json.load(sys.stdin)
    ]
    json.dump({"examples": examples, "known": known}, sys.stdout)


def owns_pages(module: str) -> bool:
    """Whether an extractor of yt-dlp takes pages of a site, not any page, and not to refuse them."""
    return not module.endswith((".generic", ".unsupported", ".commonmistakes"))


if __name__ == "__main__":
    main()
