"""Run by azure-cli's Python: reads commands as JSON lists, prints what its parser says of each.

The parser is azure-cli's own, with the command's own arguments; nothing is asked of Azure. An
answer is `null` where the command was understood.
"""

import contextlib
import importlib
import io
import json
import logging
import sys


class UnderstoodError(BaseException):
    """The parser took the arguments; not an Exception, so that azure-cli lets it through."""


def main() -> None:
    """Answer the commands on standard input."""
    core, events = map(importlib.import_module, ("azure.cli.core", "knack.events"))

    def understood(*_: object, **__: object) -> None:
        raise UnderstoodError

    cli = core.get_default_cli()
    cli.register_event(events.EVENT_INVOKER_POST_PARSE_ARGS, understood)
    # an extension that is not here is no matter for a question on the terminal or for the network
    cli.config.set_value("extension", "use_dynamic_install", "no")
    answers: list[str | None] = []
    for words in json.load(sys.stdin):
        said = io.StringIO()
        handler = logging.StreamHandler(said)
        handler.setLevel(logging.ERROR)
        logging.getLogger("cli").handlers = [handler]
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
                status = cli.invoke(words, out_file=said)
            answers.append(said.getvalue() or f"exit status {status}")
        except UnderstoodError:
            answers.append(None)
        except SystemExit:
            answers.append(said.getvalue())
    json.dump(answers, sys.stdout)


main()
