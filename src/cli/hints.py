"""What to do next, where it is not the result that says it."""

from cli.output import print_hint
from cli.runners import missing_kinds
from cli.session import Session


async def hint_at_missing_runners(session: Session) -> None:
    """Say so when nobody works on what waits."""
    if missing := await missing_kinds(session.queries, session.settings):
        print_hint(f"No {' and no '.join(missing)} runner is alive: start them with `bossbotctl run`.")
