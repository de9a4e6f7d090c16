"""Runs several Airflow commands, each a JSON list on its own line of the input, in one interpreter.

Starting Airflow costs seconds of processor time; the commands themselves are the real ones.
"""

import json
import sys

from airflow.__main__ import main  # type: ignore[import-not-found,unused-ignore]

for line in sys.stdin:
    sys.argv = ["airflow", *json.loads(line)]
    print(">>>", *sys.argv, flush=True)
    main()
