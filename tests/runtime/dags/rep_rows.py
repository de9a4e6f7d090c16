"""What another file of the team imports."""

TAG = "first"


def rows() -> int:
    return 3
