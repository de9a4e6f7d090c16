"""Reads a TOML file that people write, and says in words what is no TOML in it.

It needs Python's own library alone: `make check-dags` reads an environment before anything is
installed.
"""

import re
import tomllib
from math import isfinite
from pathlib import Path
from typing import Any

from conventions.faults import Fault, FaultError
from environments.hidden import named_like_a_secret, without_secrets

LARGEST = 1_000_000
"""Bytes; what people write is a hundredth of it, and the checks of more would take hours."""
ALLOWED = "a TOML document in UTF-8"

_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")
_INVISIBLE = re.compile("[\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u2060\ufeff]")
_CURLY = re.compile("[\u2018-\u201f\u00ab\u00bb]")
_STRAIGHT = str.maketrans(dict.fromkeys("\u2018\u2019\u201a\u201b", "'"))
_STATEMENT = re.compile(r"""[#\[]|[\w./:"'\s-]+=""")
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
_COMMENT = re.compile("^([^\"'\u2018-\u201f\u00ab\u00bb#]*)#.*")  # behind what is no text
_DAY = re.compile(r"\d{4}-\d\d?-\d\d?([T ].*)?")
_TWICE = re.compile(r"Cannot (declare|overwrite|mutate)|Duplicate")
_BACKSLASH = ("a \\ in quotes begins a special character", "write \\\\ for each, or / in a path")
_NO_DAY = ("no day of the calendar", "write year, month and day, as 2026-12-01")
_UNENDED = ("a text without its closing quotes", "end it with the quotes that it begins with")
_KNOWN = (  # words of Python's, the problem, its fix
    ("'='", "no = behind the key", 'write key = value, for example location = "westeurope"'),
    ("Invalid date", *_NO_DAY),
    ("Unterminated string", *_UNENDED),
    ("\"'''\"", *_UNENDED),
    ("Illegal character '\\n'", "a text without its closing quote", 'end it with "'),
    ("Found invalid character '\\n'", "a text without its closing quote", "end it with '"),
    ('Expected "\'"', "a text without its closing quote", "end it with '"),
    ("nescaped", *_BACKSLASH),
    ("hex value", *_BACKSLASH),
    ("Unclosed array", "an array without its ], or without a comma", 'write it as ["1", "2"]'),
    (
        "Invalid statement",
        "neither a table nor a key",
        "write [table] or key = value; a comment begins with #",
    ),
)


class TomlFileError(FaultError):
    """A file cannot be read, or is no TOML."""


class NoFileError(TomlFileError):
    """There is no such file."""


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file says; the mark that editors of Windows put in front is no fault.

    Raises:
        NoFileError: there is no such file.
        TomlFileError: it cannot be read, or is no TOML; the message shows the line.
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        if file.is_symlink():
            problem = "is a link to a file that is not there"
            raise _refused(file, problem, _way_to(file)) from None
        fix = "correct its name, or write it"
        raise NoFileError([Fault(str(file), "", "there is no such file", ALLOWED, fix)]) from None
    except OSError as error:
        raise _refused(file, f"cannot be read: {error.strerror}", _way_to(file)) from None
    if len(data) > LARGEST:
        problem = f"has {len(data):,} bytes, which nobody writes by hand"
        raise _refused(file, problem, "name the right file")
    text = _decoded(file, data)
    try:
        return tomllib.loads(text, parse_float=_finite)
    except tomllib.TOMLDecodeError as error:
        raise _in_words(file, str(error), text) from None
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        problem, fix = "holds a number without end", "write the number that is meant"
    except RecursionError:
        problem, fix = "not TOML: nested too deeply", "flatten the nested values"
    raise _refused(file, problem, fix)


def _way_to(file: Path) -> str:
    if file.is_symlink():
        return "correct the link, or delete it"
    if file.is_dir():
        return "name a file in this folder, or rename it: *.toml are files"
    return f"give yourself the right to read it: chmod u+r {file}"


def _decoded(file: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        problem = f"not UTF-8: byte {data[error.start]:#04x} in line {number}"
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            problem = "is UTF-16"
    else:
        if "\x00" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
        problem = "is UTF-16, or no text"
    raise _refused(file, problem, "save it as UTF-8: editors ask for the encoding in `Save as`")


def _in_words(file: Path, said: str, text: str) -> TomlFileError:
    """Tell what is wrong, and in which line; the line is shown unless it may hold a secret.

    What is open at the end began in a line that Python does not tell.
    """
    found = _PLACE.search(said)
    lines = text.split("\n")
    number = int(found[1]) if found else len(lines)
    line = lines[number - 1].strip()
    within = not _is_toml("\n".join(lines[: number - 1]))  # a value of more than one line
    words = said.partition(" (at ")[0]
    problem, fix = _reason(words, line)
    key = "" if within and not found else f"line {number}"
    heading = next((each for each in reversed(lines[:number]) if each.lstrip().startswith("[")), "")
    if within or named_like_a_secret(heading + line) or not _STATEMENT.match(line):
        # a fix without what the line holds
        _, fix = _reason(words, line if line.startswith(_CONFLICT) else "")
    else:
        key += f": {without_secrets(line)[:60]}"
    return TomlFileError([Fault(str(file), key, problem, ALLOWED, without_secrets(fix))])


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _reason(said: str, line: str) -> tuple[str, str]:
    """Return the problem and its fix: the slips of the hand that are known, then Python's words."""
    if line.startswith(_CONFLICT):
        return "a conflict that git left", "keep one of the two sides, and delete git's three lines"
    line = _COMMENT.sub(r"\1", line)
    if _CURLY.search(line):
        straight = _CURLY.sub('"', line.translate(_STRAIGHT))
        return "curly quotes, as of a web page", f"write straight ones: {straight}"
    if _INVISIBLE.search(line):
        return "a character that nobody sees, as of a web page", "write the line again by hand"
    if _TWICE.search(said):
        what = "table" if line.startswith("[") else "key"
        return f"this {what} is there twice", "keep one of the two, with what both say"
    key, equals, value = (part.strip() for part in line.partition("="))
    if equals and "'='" in said and not re.search(r"[\"']|:\s", key):
        return "a key with other signs than letters, digits, _ and -", f'write "{key}" = {value}'
    for words, problem, fix in _KNOWN:
        if words in said:
            return problem, fix
    if _DAY.fullmatch(value):
        return _NO_DAY
    if equals and value.lower() in ("true", "false"):
        return "true and false are in lower case", f"write {key} = {value.lower()}"
    if equals and not value:
        return "no value behind the =", f'write {key} = "...", or delete the line'
    if equals and re.fullmatch(r"[\w./:@+-]+", value):
        return "a text without quotes", f'write {key} = "{value}"'
    return f"not TOML: {said[:1].lower()}{said[1:]}", "correct this line"


def _refused(file: Path, problem: str, fix: str) -> TomlFileError:
    return TomlFileError([Fault(str(file), "", problem, ALLOWED, fix)])


def _finite(text: str) -> float:
    """Read a number; TOML knows `inf` and `nan`, and no setting does."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number
