"""Names in two languages from the one text that a source carries."""


def split_name(text: str) -> tuple[str, str]:
    """Split "zh|en" into both names; a text without a bar serves as both.

    A bare number is the key of some database and no name.
    """
    if text.strip().lstrip("-").isdigit():
        return "", ""
    chinese, bar, english = (part.strip() for part in text.partition("|"))
    if not bar:
        return chinese, chinese
    return chinese or english, english or chinese


def crossing_name(streets: list[tuple[str, str]]) -> tuple[str, str]:
    """Name an intersection after the first two different streets that meet there; empty where no street has a name."""
    named = list(dict.fromkeys(street for street in streets if street[0] or street[1]))[:2]
    return "-".join(zh for zh, _ in named), " & ".join(en for _, en in named)
