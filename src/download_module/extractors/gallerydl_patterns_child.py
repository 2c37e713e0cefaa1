"""Prints the patterns of gallery-dl's extractors as `library_matchers.Dump`; ends at once.

Stdin has the instances that an admin added, by gallery-dl's name for their software.
"""

import json
import sys

from gallery_dl import config, extractor

from download_module.extractors.pattern_clues import print_patterns

# Not sites: any file by its ending, any page, and words that are commands.
OWN_NO_PAGES = frozenset(("directlink", "generic", "noop", "oauth", "recursive", "ytdl"))


def main() -> None:
    """Print one JSON object."""
    for software, instances in json.load(sys.stdin).items():
        config.set(("extractor",), software, instances)  # read when the extractors are imported
    print_patterns(
        (f"{one.category or one.basecategory}:{one.subcategory}", one.pattern.pattern)
        for one in extractor._list_classes()  # noqa: SLF001  # the public list is sorted; order decides who owns a page
        if one.category not in OWN_NO_PAGES
    )


if __name__ == "__main__":
    main()
