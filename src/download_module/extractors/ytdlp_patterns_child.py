"""Prints the patterns of yt-dlp's extractors as `library_matchers.Dump`; ends at once."""

from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.utils import variadic

from download_module.extractors.pattern_clues import print_patterns

# Extractors that match pages only to refuse them, and the one that takes every page.
OWN_NO_PAGES = (".unsupported", ".commonmistakes", ".generic")


def main() -> None:
    """Print one JSON object."""
    print_patterns(
        (extractor.ie_key(), pattern)
        for extractor in gen_extractor_classes()
        # With lazy extractors the class only says where it would come from.
        if extractor._ENABLED and not getattr(extractor, "_module", extractor.__module__).endswith(OWN_NO_PAGES)  # noqa: SLF001
        for pattern in variadic(extractor._VALID_URL or ())  # noqa: SLF001
    )


if __name__ == "__main__":
    main()
