"""Long work in steps: the progress of its parts, their results, and the order in which they end."""

from __future__ import annotations

import pytest

from llmviz_addon.progress import Steps, begun, rescaled, run


def test_a_part_tells_its_progress_as_a_part_of_the_whole_and_gives_its_result():
    def part() -> Steps[str]:
        yield 0.0, "begun"
        yield 1.0, "done"
        return "result"

    work = rescaled(part(), 0.2, 0.6)
    assert [next(work), next(work)] == [(pytest.approx(0.2), "begun"), (pytest.approx(0.6), "done")]
    assert run(rescaled(part(), 0.0, 1.0)) == "result"


@pytest.mark.parametrize("ending", ["stopped", "failed"])
def test_what_a_part_has_made_is_cleaned_up_before_what_the_whole_has_made(ending: str):
    order = []

    def part() -> Steps[None]:
        try:
            yield 0.5, "half"
            raise ValueError
        finally:
            order.append("part")

    def whole() -> Steps[None]:
        work = part()
        try:
            yield from rescaled(work, 0.0, 1.0)
        finally:
            order.append("whole")

    work = whole()
    next(work)
    if ending == "stopped":
        work.close()
    else:
        with pytest.raises(ValueError):
            next(work)
    assert order == ["part", "whole"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_work_that_is_begun_does_its_first_step_now_and_then_all_others(count: int):
    done = []

    def part() -> Steps[str]:
        for number in range(count):
            done.append(number)
            yield number / 3, "counting"
        done.append("end")
        return "result"

    work = begun(part())
    assert done == ([0] if count else ["end"])
    assert run(work) == "result"
    assert done == [*range(count), "end"]


def test_work_that_is_begun_is_cleaned_up_though_nobody_asked_for_more_of_it():
    order = []

    def part() -> Steps[None]:
        try:
            yield 0.0, "begun"
        finally:
            order.append("part")

    begun(part()).close()
    assert order == ["part"]
