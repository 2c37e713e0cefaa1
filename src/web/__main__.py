"""The web page: `python -m web`."""

import sys

from pooler.workplace import run_process
from web.server import run

if __name__ == "__main__":
    sys.exit(run_process(run))
