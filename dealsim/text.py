"""Text from outside made safe to show: on a terminal, in a page, in a spreadsheet, in a file name.

It decides nothing about what a name may be; `dealsim.scenarios` and `dealsim.places` do.
"""

from __future__ import annotations

import html as _html
import re
import unicodedata

LONGEST = 200
"""Most characters of a name that are shown."""
OWN_WORDS = 5_000
"""How long a text of our own may be, which needs no guard against being endless."""

_SPREADSHEET_STARTS = ("=", "+", "-", "@", "\t", "\r", "|", "%")


def plain(text: object, most: int = LONGEST) -> str:
    """Text without control characters, hidden marks or line breaks, cut to a length.

    >>> plain("deal\\x1b[31m\\nnow")
    'deal�[31m now'
    """
    joined = re.sub(r"[\t\r\n\u2028\u2029]+", " ", str(text))
    shown = "".join("�" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") else c for c in joined).strip()
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def escaped(text: object, most: int = LONGEST) -> str:
    """Plain text, safe between the tags of a page and inside its attributes.

    >>> escaped("<b>")
    '&lt;b&gt;'
    """
    return _html.escape(plain(text, most), quote=True)


def label(text: object, most: int = LONGEST) -> str:
    """Plain text for a chart, whose library reads some tags: no angle bracket or ampersand is left to read.

    >>> label("<b>one</b>")
    '‹b›one‹/b›'
    """
    return plain(text, most).replace("<", "‹").replace(">", "›").replace("&", "＆")


def cell(value: object) -> object:
    """A value for a spreadsheet: numbers stay numbers, text that would run as a formula is quoted.

    >>> cell("=1+1"), cell(-2.5)
    ("'=1+1", -2.5)
    """
    if not isinstance(value, str):
        return value
    shown = plain(value, 2000)
    return f"'{shown}" if shown.startswith(_SPREADSHEET_STARTS) else shown


def slug(text: object, most: int = 40) -> str:
    """A part of a file name made from any text: small letters, digits, `-` and `_` only, never empty.

    Names that Windows keeps for devices get a sign more.

    >>> slug("../../Etc/Passwd"), slug("☃"), slug("Con")
    ('etc-passwd', 'unnamed', 'con_')
    """
    letters = unicodedata.normalize("NFKD", plain(text)).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9_]+", "-", letters).strip("-_")[:most].strip("-_") or "unnamed"
    return f"{made}_" if re.fullmatch(r"con|prn|aux|nul|(com|lpt)[0-9]", made) else made
