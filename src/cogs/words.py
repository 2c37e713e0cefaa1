"""What runners write into `activity`, in the reader's language."""

import re

from cogs.language import Language, later
from cogs.texts import plain

# What is said as it is.
KNOWN = frozenset(
    (
        later("looking for media"),
        later("looking for the media"),
        later("downloading"),
        later("uploading"),
        later("extracting"),
        later("merging"),
        later("checking what was sent"),
        later("waits for room on the disk of this bot"),
    )
)
# What is said of something: `compressing 1/2: 720p, 9.6 MiB`.
OF_SOMETHING = {
    "compressing": later("compressing {what}"),
    "repacking": later("repacking {what}"),
    "converting": later("converting {what}"),
    "stripping": later("stripping {what}"),
    "splitting": later("splitting {what}"),
    "sending": later("sending {what}"),
    "downloading": later("downloading {what}"),
    "merging": later("merging {what}"),
}
SAME = later("the same media is being fetched as {download}")
_HEAD = re.compile(r"([a-z]+) (.+)")
_SAME = re.compile(r"the same media is being fetched as (#\d+)")


def spoken(activity: str, t: Language) -> str:
    """The activity of a row as one harmless line."""
    if activity in KNOWN:
        return t(activity)
    if same := _SAME.fullmatch(activity):
        return t(SAME, download=same[1])
    found = _HEAD.fullmatch(activity)
    if found and found[1] in OF_SOMETHING:
        return t(OF_SOMETHING[found[1]], what=plain(found[2], 70))
    return plain(t(activity), 120)
