"""Listing and searching a library, small and large."""

import psutil

from benchmarks.service.installation import Installation, fill_library
from benchmarks.service.timing import WARM, Times, timed, together
from benchmarks.table import Row

LISTS = ("", "limit=48", "kind=object&limit=48", "tag=blue&limit=48")
# What everything has, what many have, two words, what one has, and what nothing has.
SEARCHES = ("taught", "mug", "golden teapot", "cat 17", "xylophone")


def run(place: Installation, small: int, large: int, rounds: int) -> list[Row]:
    """The same questions to a library of `small` and of `large` concepts."""
    rows, sizes = [], {}
    for first, last in ((0, small), (small, large)):
        for start in range(first, last, 10_000):
            fill_library(place, start, min(start + 10_000, last))
        web = psutil.Process(place.web)
        used = sum(web.cpu_times()[:2])
        lists = {query: _asked(place, query, rounds) for query in LISTS}
        used = (sum(web.cpu_times()[:2]) - used) / (len(LISTS) * (rounds + WARM))
        searches = {query: _asked(place, f"query={query}&limit=48", rounds) for query in SEARCHES}
        sizes[last] = (together(*lists.values()), together(*searches.values()))
        slowest = max(searches, key=lambda query: searches[query].slow)
        rows.append(Row(f"{last:,} concepts, listed: processor time of the web process", f"{used * 1000:.0f} ms"))
        for what, times in (("listed", sizes[last][0]), ("searched", sizes[last][1])):
            rows.append(Row(f"{last:,} concepts, {what}: p95 (median)", f"{times.slow:.0f} ms ({times.typical:.0f})"))
        rows.append(Row(f"… the slowest question ({slowest})", f"{searches[slowest].slow:.0f} ms"))
    for index, what in enumerate(("listing", "searching")):
        growth = sizes[large][index].typical / sizes[small][index].typical
        rows.append(Row(f"{what}, {large / small:.0f} times as many concepts: time grows", f"{growth:.2f}×"))
    return rows


def _asked(place: Installation, query: str, rounds: int) -> Times:
    return timed(lambda _: place.client.get(f"/api/concepts?{query}").raise_for_status(), rounds)
