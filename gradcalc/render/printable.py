"""Characters that do no harm."""


def printable(text: str, *, unicode: bool = True) -> str:
    """The text on one line, with every character that could steer a terminal spelled out."""
    if text.isprintable() and (unicode or text.isascii()):
        return text
    return "".join(
        char if char.isprintable() and (unicode or char.isascii()) else _spelled(char)
        for char in text
    )


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
