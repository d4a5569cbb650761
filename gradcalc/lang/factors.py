"""The factors of a product, what stands between them, and where they can be told apart."""

from dataclasses import dataclass

from gradcalc.lang.signs import Sign
from gradcalc.lang.tokens import MATRIX_PRODUCT

PRODUCTS = {
    "·": Sign.DOT, "⋅": Sign.DOT, "∙": Sign.DOT, "×": Sign.CROSS, MATRIX_PRODUCT: Sign.BESIDE,
}  # fmt: skip
"""Signs of products that mean something else to tensors than to numbers."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor as Python, what it is and where it begins.

    `applied` is a function whose argument stands behind it without brackets: what is in front of
    the argument, the argument, and what is behind it. `raised` are a base and its exponent, where
    what comes next may belong to that. `number` is one that is typed, `constant` what hangs on no
    name, `closed` what ends with a bracket or bar. `rooted` is a root, `transposed` ends in ᵀ,
    `barred` in a bar.
    """

    text: str
    start: int
    applied: tuple[str, str, str] | None = None
    raised: "Raised | None" = None
    number: bool = False
    constant: bool = False
    closed: bool = False
    rooted: bool = False
    transposed: bool = False
    barred: bool = False


@dataclass(frozen=True, slots=True)
class Raised:
    """A base and its exponent.

    `wide` is 2^x, e^x or x^n, whose exponent may go on with a name as well, `loose` one such as
    x^sin x.
    """

    base: str
    exponent: str
    wide: bool
    loose: bool

    def ends(self, link: "Link", factor: Factor) -> bool:
        """Whether a factor behind it can be no part of the exponent."""
        if self.loose:
            return False
        if self.wide:
            return link.spaced and (factor.closed or factor.applied is not None)
        return link.spaced or not factor.constant


@dataclass(frozen=True, slots=True)
class Link:
    """What stands between two factors: the Python for it, and whether there is blank space."""

    sign: str
    text: str
    spaced: bool

    @property
    def beside(self) -> bool:
        """Whether there is no sign."""
        return not self.sign

    @property
    def close(self) -> bool:
        """Whether it binds as if there was none: sin x*y."""
        return not self.sign or self.text in ("*", "/")

    @property
    def divides(self) -> bool:
        """Whether what is behind it divides what is in front."""
        return self.sign in ("/", "//", "÷", "∕", "%")


def joined(factors: list[Factor], links: list[Link]) -> str:
    """A product as Python, with the characters of its signs."""
    parts, constant = [factors[0].text], True
    for before, link, factor in zip(factors, links[1:], factors[1:], strict=False):
        sign = PRODUCTS.get(link.sign)
        if link.beside:
            sign = Sign.BESIDE
        elif link.sign == "*" and (before.transposed or factor.transposed):
            sign = Sign.STAR
        # what is in front of a sign are all factors up to it
        constant = constant and before.constant
        if sign is None or constant or factor.constant:
            parts.append(link.text or "*")
        else:
            parts.append((link.text or "*").replace("*", f"{sign}*"))
        parts.append(factor.text)
    return "".join(parts)


def are_tight(factors: list[Factor], links: list[Link]) -> bool:
    """Whether something stands right behind a closing bar."""
    return any(
        one.barred and not other.barred and link.beside and not link.spaced
        for one, link, other in zip(factors, links[1:], factors[1:], strict=False)
    )


@dataclass(frozen=True, slots=True)
class TwoReadings:
    """What part of a product, from where on, means as Python, in two ways."""

    start: int
    first: str
    second: str


def two_readings(factors: list[Factor], links: list[Link]) -> TwoReadings | None:
    """Both readings of the end of a product, None where there is one."""
    last, link, before = factors[-1], links[-1], factors[-2]
    # sin x cos x, but neither sin x y nor sin 2 cos x
    exempt = last.applied and (before.rooted or not before.constant)
    if before.applied and not exempt and (link.beside if before.rooted else link.close):
        front, argument, behind = before.applied
        more = f"{link.text or '*'}{last.text}"
        first = f"{front}{argument}{behind}{more}"
        return TwoReadings(before.start, first, f"{front}{argument}{more}{behind}")
    if not link.beside:
        return None
    if before.raised and not before.raised.ends(link, last):
        base, exponent = before.raised.base, before.raised.exponent
        first = f"{base}**{exponent}*{last.text}"
        return TwoReadings(before.start, first, f"{base}**({exponent}*{last.text})")
    return _of_quotient(factors, links)


def _of_quotient(factors: list[Factor], links: list[Link]) -> TwoReadings | None:
    """Both readings where factors without a sign stand behind a division."""
    at = len(factors) - 1
    while at and links[at].beside:
        at -= 1
    # of numbers, and with a blank behind it, it is a coefficient: 1/2 x
    coefficient = (
        links[at + 1].spaced
        and not links[at].spaced
        and all(factor.constant for factor in factors[: at + 1])
        and not factors[at + 1].constant
    )
    if not at or not links[at].divides or coefficient:
        return None
    left = joined(factors[:at], links[:at]) + links[at].text
    tight = "*".join(factor.text for factor in factors[at:])
    return TwoReadings(factors[0].start, f"{left}{tight}", f"{left}({tight})")
