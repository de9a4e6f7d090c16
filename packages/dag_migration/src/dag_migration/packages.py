"""The packages that the image lacks, as one list for its requirements."""

import re
from collections.abc import Iterable

from dag_migration import rules
from dag_migration.model import FileReport, Level, Package

# The package of a module whose name is another one. https://pypi.org has no such index.
PACKAGE_OF = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "github": "PyGithub",
    "impala": "impyla",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "kafka": "kafka-python",
    "ldap": "python-ldap",
    "magic": "python-magic",
    "MySQLdb": "mysqlclient",
    "PIL": "Pillow",
    "past": "future",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slack": "slackclient",
    "snowflake.connector": "snowflake-connector-python",
    "telegram": "python-telegram-bot",
    "yaml": "PyYAML",
}
ASKED = re.compile(r"Add `(apache-airflow-providers-[\w-]+)` to the packages")  # ruff's
CODES = {rules.PACKAGE_MISSING.code, rules.PROVIDER_MISSING.code, rules.PACKAGE_IN_TASK.code}


def package_of(module: str) -> str:
    """Return the name of the package that most likely holds a module."""
    words = module.split(".")
    if words[:2] == ["google", "cloud"] and len(words) > 2:
        return f"google-cloud-{words[2].replace('_', '-')}"
    if words[0] == "azure" and len(words) > 1:
        return "-".join(words[:3]).replace("_", "-")
    for length in (2, 1):
        if known := PACKAGE_OF.get(".".join(words[:length])):
            return known
    return words[0].replace("_", "-")


def packages(files: Iterable[FileReport]) -> tuple[Package, ...]:
    """Return the packages that files import and the image lacks, the most wanted first."""
    found: dict[str, tuple[str, set[str]]] = {}
    for file in files:
        for finding in file.findings:
            asked = ASKED.match(finding.todo) if finding.level is Level.WAITS else None
            if asked or finding.code in CODES:
                module = asked[1] if asked else finding.subject
                is_provider = module.startswith("apache-airflow-providers-")
                name = module if is_provider else package_of(module)
                found.setdefault(name, (module, set()))[1].add(file.path)
    listed = [
        Package(requirement=name, module=module, files=tuple(sorted(paths)))
        for name, (module, paths) in found.items()
    ]
    return tuple(sorted(listed, key=lambda package: (-len(package.files), package.requirement)))


def requirements(listed: Iterable[Package]) -> str:
    """Return the list as a fragment of a requirements file."""
    lines = ["# What the migrated DAGs import and the image lacks; add the lines that you want."]
    for package in listed:
        lines.append(f"{package.requirement}  # {_why(package)}")
    return "\n".join(lines) + "\n"


def _why(package: Package) -> str:
    count = len(package.files)
    files = f"{package.files[0]}" + (f" and {count - 1} more" if count > 1 else "")
    if package.module == package.requirement:
        return files
    return f"as `{package.module}`, in {files}"
