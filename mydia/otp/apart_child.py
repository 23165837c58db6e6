"""The child's side of `apart`: one call, read from stdin as a pickle; its value, or its refusal, written to stdout as another.

Standard library only, and no Trio. Anything but a refusal that the function raises is a bug: its stack goes to stderr, and the process ends
with status 1.
"""

import gc
import os
import pickle
import sys
from io import BytesIO
from typing import Any

from .errors import Refusal
from .port_child import die_with_the_parent, keep_stdout


def main() -> None:
    die_with_the_parent()
    gc.disable()  # it ends with its one call, and all that it holds with it
    with os.fdopen(keep_stdout(), "wb") as out:
        function, args, kwargs = pickle.load(sys.stdin.buffer)  # noqa: S301 - the parent wrote it
        said: tuple[bool, Any]
        try:
            said = (True, function(*args, **kwargs))
        except Refusal as no:
            said = (False, no)
        answer = BytesIO()  # whole, or not at all
        pickle.dump(said, answer)
        out.write(answer.getbuffer())


if __name__ == "__main__":
    main()
