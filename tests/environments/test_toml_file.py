"""A TOML file as hurried people write it: what is wrong, in which line, and how to fix it."""

from pathlib import Path

import pytest

from environments.load import EnvironmentFileError, read
from environments.toml_file import LARGEST, TomlFileError, read_toml
from tests.environment_files import DEV

REGION = 'location = "westeurope"'

# how a line is written: what it is called, and the fix
SLIPS = {
    "curly quotes": (
        "location = \u201cwesteurope\u201d",
        "line 4: location = \u201cwesteurope\u201d: curly quotes",
        f"write straight ones: {REGION}",
    ),
    "curly quotes in a comment": (
        "location = westeurope # our \u201cmain\u201d region",
        "a text without quotes",
        f"write {REGION}",
    ),
    "a day that no month has": ("a = 2026-02-30", "no day of the calendar", "as 2026-12-01"),
    "a month that no year has": ("a = 2026-13-01", "no day of the calendar", "as 2026-12-01"),
    "no quotes": ("location = westeurope", "a text without quotes", f"write {REGION}"),
    "a version without quotes": ("v = 1.36.0", "a text without quotes", 'write v = "1.36.0"'),
    "quotes of two kinds, and text behind": (
        "a = 'b\"\nc = 'd'",
        "without its closing quote",
        "end it with '",
    ),
    "quotes of two kinds": ("a = 'b\"\nc = 1", "without its closing quote", "end it with '"),
    "no closing quote": ('location = "westeurope', "without its closing quote", 'end it with "'),
    "a colon": ('location: "westeurope"', "no = behind the key", f"for example {REGION}"),
    "a colon before an address": (
        'dns: "https://x/?a=b"',
        "no = behind the key",
        f"for example {REGION}",
    ),
    "a key with a slash": ('a/b = "c"', "a key with other signs", 'write "a/b" = "c"'),
    "the comment of another language": ("// west", "neither a table nor a key", "begins with #"),
    "Python's False": ("protect = False", "are in lower case", "write protect = false"),
    "a text of lines without an end": (
        'a = """b\n\nc = 1',
        "dev.toml: a text without its closing quotes",
        "with the quotes that it begins with",
    ),
    "plain text of lines without an end": (
        "a = '''b\n\nc = 1",
        "dev.toml: a text without its closing quotes",
        "with the quotes that it begins with",
    ),
    "a line that other programs end": ('x = "a\u2028b"\ny = 1 2', "line 5: y = 1 2", "correct"),
    "a path of Windows": (r'path = "C:\Users"', "begins a special character", "/ in a path"),
    "no comma": ('zones = ["1" "2"]', "without a comma", '["1", "2"]'),
    "no value": ("location =", "no value behind the =", "or delete the line"),
    "a space that is none": ("location\u00a0= 1", "a character that nobody sees", "by hand"),
    "a conflict of git": ("<<<<<<< HEAD", "a conflict that git left", "keep one of the two"),
    "a key twice": (f"{REGION}\n{REGION}", "line 5: ", "keep one of the two"),
    "a table twice": (f"{REGION}\n[a]\n[a]", "line 6: [a]: this table is there twice", "keep one"),
    "what nobody foresaw": (f"{REGION};", "not TOML: expected newline", "correct this line"),
}


def refusal(file: Path) -> str:
    """What is said of a file, in a line."""
    with pytest.raises(TomlFileError) as caught:
        read_toml(file)
    (fault,) = caught.value.faults
    assert fault.allowed == "a TOML document in UTF-8"
    return " ".join(str(fault).split())


@pytest.mark.parametrize(("line", "says", "fix"), SLIPS.values(), ids=SLIPS.keys())
def test_a_slip_of_the_hand_is_named_with_its_line_and_fix(
    tmp_path: Path, line: str, says: str, fix: str
) -> None:
    file = tmp_path / "dev.toml"
    file.write_text(f'#\nname = "dev"\n#\n{line}\n', encoding="utf-8")

    said = refusal(file)

    assert says in said
    assert fix in said.partition("fix: ")[2]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("client_secret = \u201cpuzzle\u201d", 1),
        ('password = """\npuzzle\\q\n"""', 2),
        ("tokens = [\n\u201cpuzzle\u201d,\n]", 2),
        ('tokens = [\n"a"\n"puzzle", # = 1\n]', 3),
        ("puzzle: 1", 1),
        ("[passwords]\ndb = puzzle", 2),
        ("[teams.sales.tokens]\n# of the shop\na = 1\ndb = puzzle", 4),
    ],
)
def test_a_line_that_may_hold_a_secret_is_not_shown(tmp_path: Path, text: str, number: int) -> None:
    file = tmp_path / "dev.toml"
    file.write_text(f"{text}\n", encoding="utf-8")

    said = refusal(file)

    assert f"line {number}: " in said
    assert "puzzle" not in said


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("a = 1\n".encode("utf-16"), "is UTF-16"),
        ("a = 1\n".encode("utf-16-le"), "is UTF-16"),
        (b'a = "1"\nb = "Z\xfcrich"\n', "not UTF-8: byte 0xfc in line 2"),
        (b"#" * (LARGEST + 1), "1,000,001 bytes"),
    ],
)
def test_what_is_no_text_of_ours_is_said(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "dev.toml"
    file.write_bytes(data)

    assert says in refusal(file)


def test_a_folder_of_a_files_name_is_said(tmp_path: Path) -> None:
    assert "fix: name a file in this folder" in refusal(tmp_path)


@pytest.mark.parametrize("target", ["nowhere.toml", "dev.toml"])
def test_a_link_that_leads_nowhere_is_said(tmp_path: Path, target: str) -> None:
    file = tmp_path / "dev.toml"
    file.symlink_to(target)

    with pytest.raises(EnvironmentFileError, match="fix: correct the link"):
        read(file)


def test_the_ends_of_lines_of_an_old_mac_are_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "dev.toml"
    file.write_bytes(DEV.read_bytes().replace(b"\n", b"\r"))

    assert read(file).name == "dev"
