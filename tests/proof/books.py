"""What one order must come to by what RetailOps told of it: a model without Shopify in it.

Units and money only, as protocol.md says them. Every method takes one call, carried out once,
and gives what must be told besides: ``short`` when a part of it cannot be done, ``refused`` when
nothing can.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Told = Literal["done", "short", "refused"]

ZERO = Decimal(0)


@dataclass
class Line:
    """A line of the order: ordered = shipped + removed + what is left to ship."""

    refnum: str
    sku: str
    price: Decimal
    ordered: int
    shipped: int = 0
    removed: int = 0
    returned: int = 0
    completed: int = 0

    @property
    def remaining(self) -> int:
        """Units to be shipped yet."""
        return self.ordered - self.shipped - self.removed

    @property
    def current(self) -> int:
        """Units that the customer has, or will have."""
        return self.ordered - self.removed - self.returned


@dataclass
class Authorisation:
    """What a gateway holds for us; ``multi``: it can be captured in parts."""

    left: Decimal
    multi: bool


@dataclass
class Book:
    """One order. ``sold``: what gateways took when it was placed, ``gift``: gift cards'.

    ``worth_back`` is what the units and the shipping that refunds took off were worth.
    """

    lines: dict[str, Line]
    shipping: Decimal
    holds: list[Authorisation]
    sold: Decimal = ZERO
    gift: Decimal = ZERO
    series: dict[str, Decimal] = field(default_factory=dict)
    captured: Decimal = ZERO
    refunded: Decimal = ZERO
    worth_back: Decimal = ZERO
    packages: dict[int, dict[str, int]] = field(default_factory=dict)
    returns: dict[int, Decimal] = field(default_factory=dict)
    items: dict[int, str] = field(default_factory=dict)
    cancelled: bool = False
    closed: bool = False

    # -- money ---------------------------------------------------------------------------------

    @property
    def received(self) -> Decimal:
        """All that came in."""
        return self.sold + self.gift + self.captured

    @property
    def kept(self) -> Decimal:
        """What came in and did not go back."""
        return self.received - self.refunded

    @property
    def worth(self) -> Decimal:
        """What the order is worth now."""
        return sum((n.current * n.price for n in self.lines.values()), self.shipping)

    @property
    def unpaid(self) -> Decimal:
        """What of that nobody has paid: refunds change both sides."""
        return max(ZERO, self.worth + self.worth_back - self.received)

    def _capture(self, want: Decimal) -> Decimal:
        taken = ZERO
        for hold in self.holds:
            amount = min(want - taken, hold.left)
            if amount > 0:
                taken += amount
                hold.left = hold.left - amount if hold.multi else ZERO
        self.captured += taken
        return taken

    # -- calls ---------------------------------------------------------------------------------

    def ship(self, packages: Iterable[tuple[int, Mapping[str, int]]]) -> Told:
        """A package's units, less those it was shipped with before; a line only while it lasts."""
        wanted: dict[int, dict[str, int]] = {}
        for number, units in packages:
            of = wanted.setdefault(number, {})
            for refnum, count in units.items():
                of[refnum] = max(of.get(refnum, 0), count)
        short = False
        for number, units in wanted.items():
            known = self.packages.setdefault(number, {})
            for refnum, count in units.items():
                line = self.lines[refnum]
                want = count - known.get(refnum, 0)
                give = 0 if self.cancelled else min(want, line.remaining)
                if give > 0:
                    line.shipped += give
                    known[refnum] = known.get(refnum, 0) + give
                short = short or want > max(0, give)
        if short:
            return "refused" if self.cancelled else "short"
        return "done"

    def complete(
        self, packages: Sequence[tuple[int, Mapping[str, int]]], unshipped: Mapping[str, int]
    ) -> Told:
        """Ship, take off what never will be shipped, give its money back."""
        told = self.ship(packages)
        if self.cancelled:
            return told
        unpaid, off = self.unpaid, ZERO
        for refnum, count in unshipped.items():
            line = self.lines[refnum]
            wanted = count - line.completed
            now = max(0, min(wanted, line.remaining))
            if wanted > now:
                told = "short"
            line.removed += now
            line.completed += now
            off += now * line.price
        if off:
            self._take_off(off, unpaid)
        if any(line.remaining for line in self.lines.values()):
            told = "short"
        if any(hold.left for hold in self.holds):
            told = "short"
        self.closed = True
        return told

    def _take_off(self, off: Decimal, unpaid: Decimal) -> None:
        """The money of units that will not be shipped; the shipping too when nothing was."""
        idle = not any(line.shipped or line.remaining for line in self.lines.values())
        shipping = self.shipping if idle else ZERO
        back = max(ZERO, min(off + shipping - unpaid, self.kept))
        self.worth_back += off
        if back:
            self.shipping -= shipping
            self.worth_back += shipping
        self.refunded += back

    def settle(self, series: str, target: Decimal) -> Told:
        """Take what is missing to the target of a series, from what is open."""
        if series:
            elsewhere = self.sold + self.captured - sum(self.series.values())
            want = target - self.series.get(series, ZERO) - elsewhere
        else:
            want = target - self.sold - self.captured
        if want <= 0:
            return "done"
        taken = self._capture(want)
        if series:
            self.series[series] = self.series.get(series, ZERO) + taken
        return "done" if taken == want else "refused"

    def give_back(
        self,
        number: int,
        amount: Decimal,
        units: Mapping[str, int],
        *,
        action: str = "refund",
        shipping: Decimal = ZERO,
    ) -> Told:
        """A return: its whole amount once, at most what was kept; units only of done lines."""
        if number in self.returns:
            return "done"
        if not number or action not in {"refund", "storecredit"}:
            return "refused"
        given = min(amount, self.kept)
        if amount and not given:
            return "refused"
        told: Told = "done" if given == amount else "short"
        for refnum, count in units.items():
            line = self.lines[refnum]
            if line.remaining:
                told = "short"
                continue
            taken = min(count, line.current)
            if taken < count:
                told = "short"
            line.returned += taken
            self.worth_back += taken * line.price
        of_shipping = min(shipping, self.shipping, given)
        self.shipping -= of_shipping
        self.worth_back += of_shipping
        self.refunded += given
        self.returns[number] = given
        return told

    def update(self, targets: Mapping[str, int]) -> Told:
        """Absolute quantities of lines that are there; never below what was shipped."""
        if self.cancelled:
            same = all(count == self.lines[refnum].current for refnum, count in targets.items())
            return "done" if same else "refused"
        told: Told = "done"
        for refnum, count in targets.items():
            line = self.lines[refnum]
            gone = line.current - min(line.current, line.remaining)
            if count < gone:
                told = "short"
            change = max(count, gone) - line.current
            if change > 0:
                line.ordered += change
            else:
                line.removed -= change
        return told

    def add(self, item: int, line: Line) -> None:
        """A line that RetailOps made."""
        self.lines[line.refnum] = line
        self.items[item] = line.refnum

    def cancel(self) -> Told:
        """All of it, if nothing of it was shipped."""
        if self.cancelled:
            return "done"
        if any(line.shipped for line in self.lines.values()):
            return "refused"
        for line in self.lines.values():
            line.removed += line.remaining
        for hold in self.holds:
            hold.left = ZERO
        self.refunded = self.received
        self.cancelled = self.closed = True
        return "done"
