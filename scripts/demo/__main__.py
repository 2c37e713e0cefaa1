"""`python -m scripts.demo`: the demo; with `--svg FILE` the picture of it."""

import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # while nothing has begun, Ctrl-C needs no traceback

from scripts.demo.program import main  # noqa: E402  (takes a second, in which a person may change his mind)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
