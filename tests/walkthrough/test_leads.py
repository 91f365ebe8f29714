"""Large models: a film by bundles shows the same as the film of each block by itself."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import detail, walkthrough
from llmviz_addon.detail import orders
from llmviz_addon.walkthrough.actors import Part

SHAPE = {"n_layer": 12, "n_head": 12, "n_embd": 96, "n_ctx": 12, "n_vocab": 30}
PASSES = {"n_prompt": 4, "n_tokens": 7}


@pytest.fixture(scope="module")
def played(sized):
    """A model of GPT-2's shape, its film block by block, and its film by bundles."""
    anatomy, run = sized(**SHAPE, **PASSES)
    bundles = detail.bundle(anatomy)
    assert any(not bundle.single for bundle in bundles)
    whole = walkthrough.compile(None, anatomy, run)
    return anatomy, run, bundles, whole, walkthrough.compile(None, anatomy, run, bundles=bundles)


def moments(film, bundle):
    """Moments of the introduction: evenly spread, and where windows of this bundle begin or end."""
    _, end = film.span("introduction")
    names = {block.name for block in bundle.leads}
    keys = {
        key.time
        for channel in film.channels
        if channel.target in names and channel.property == "progress"
        for key in channel.keys
    }
    return [*np.linspace(0, end, 97), *sorted(keys)]


def test_a_bundle_shows_what_its_blocks_would_show_at_any_time(played):
    _, _, bundles, whole, film = played
    for bundle in bundles:
        # In the first layer, the other heads' bundles do the same as its first head.
        if bundle.n_steps == 1 or bundle.first.kind == "weight":
            continue
        when = orders(bundle, *PASSES.values())
        own = np.stack([block.order(*PASSES.values()) for block in bundle.blocks])
        begun = {k.time for c in film.channels if c.target == bundle.name for k in c.keys}
        for time in moments(whole, bundle):
            reached = [whole.value_at(block.name, "progress", time) for block in bundle.blocks]
            shown = own <= np.float32(reached)[:, None, None]
            together = when <= np.float32(film.value_at(bundle.name, "progress", time))
            # While cells are computed, the one of this very moment may be a hair early or late.
            most = 0 if time in begun else len(bundle.blocks) // bundle.n_steps
            assert np.count_nonzero(shown != together) <= most, (bundle.name, time)


def copies(whole, film):
    """The actors, and their groups, that only the film by bundles has.

    A block moves itself where it has an object of its own, and sends a copy where it has none.
    """
    plain = {actor.name for actor in whole.actors}
    sent = [actor for actor in film.actors if actor.name not in plain]
    return {actor.name for actor in sent} | {actor.group for actor in sent}


def test_every_channel_of_a_block_or_bundle_has_an_object(played):
    anatomy, _, bundles, whole, film = played
    names = {bundle.name for bundle in bundles}
    others = {c.target for c in whole.channels} - set(anatomy.blocks)
    assert {c.target for c in film.channels} <= names | others | copies(whole, film)


def test_what_has_an_object_of_its_own_plays_as_it_would_without_bundles(played):
    anatomy, _, bundles, whole, film = played
    leads = walkthrough.leads.Leads(anatomy, bundles)
    parts = [a for a in film.actors if isinstance(a, Part) and a.name in copies(whole, film)]
    assert parts and not any(leads.is_own(part.block) for part in parts)
    shared = {bundle.name for bundle in bundles if not bundle.single} | copies(whole, film)
    own = {(c.target, c.property, c.index): c for c in whole.channels}
    for channel in film.channels:
        if channel.target not in shared:
            assert channel == own[channel.target, channel.property, channel.index]


def test_a_bundle_is_lit_while_one_of_its_layers_is(played):
    _, _, bundles, whole, film = played
    start, end = film.span("introduction.layers")
    for bundle in bundles:
        if bundle.single or not bundle.first.layer:
            continue
        for time in np.linspace(start, end, 60):
            lit = max(whole.value_at(b.name, "highlight", time) for b in bundle.leads)
            assert film.value_at(bundle.name, "highlight", time) == pytest.approx(lit, abs=0.1)


def test_a_gesture_for_one_head_of_a_bundle_falls_to_the_bundle(played):
    anatomy, _, bundles, _, _ = played
    leads = walkthrough.leads.Leads(anatomy, bundles)
    assert leads.of(["layer0.head5.q"]) == ["layer0.head1.q"]
    assert leads.of([f"layer3.head{i}.q" for i in range(12)]) == ["layer3.head0.q"]
    assert leads.of(["layer0.head0.q", "wte"]) == ["layer0.head0.q", "wte"]
