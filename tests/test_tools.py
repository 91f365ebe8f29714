"""The tools that set up, check and package: their messages name the mistake and the cure."""

from __future__ import annotations

import hashlib
import os
import sys
import tomllib
from pathlib import Path

import pytest

from tools import check_source, environment, extension, lacking


def test_missing_packages_are_named_in_one_sentence_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment, "is_debian", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(environment.SetupError) as caught:
        environment.install_packages(["libsm6", "libegl1"])
    message = str(caught.value)
    assert "\n" not in message
    assert "apt-get update" in message
    assert message.endswith("apt-get install -y --no-install-recommends libsm6 libegl1")


def test_elsewhere_than_on_debian_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "is_debian", lambda: False)
    with pytest.raises(environment.SetupError, match="libegl1"):
        environment.install_packages(["libegl1"])


def test_a_python_is_recognized_behind_a_command() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = environment.probe(sys.executable)
    assert (found.version if found else None) == (
        version if version in environment.VERSIONS else None
    )


@pytest.mark.parametrize("command", ["no-such-python", "false"])
def test_a_command_that_is_no_python_is_passed_over(command: str) -> None:
    assert environment.probe(command) is None


def test_changed_requirements_make_an_environment_outdated() -> None:
    wanted = environment.requirements()
    assert environment.recipe("3.13", wanted) != environment.recipe("3.13", [*wanted, "more"])
    assert environment.recipe("3.13", wanted) != environment.recipe("3.11", wanted)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import socket", "no network"),
        ("from urllib.request import urlopen", "no network"),
        ("def load():\n    import pickle", "execute"),
    ],
)
def test_imports_that_the_package_does_without_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, complaint: str
) -> None:
    monkeypatch.setattr(check_source, "ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text(source)
    (found,) = check_source.forbidden_imports(path)
    assert complaint in found


def test_relative_imports_are_not_mistaken_for_the_forbidden_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(check_source, "ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text("from .http import card\nfrom . import socket\nimport numpy")
    assert check_source.forbidden_imports(path) == []


def test_a_path_of_one_machine_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(check_source, "ROOT", tmp_path)
    path = tmp_path / "notes.md"
    path.write_text("fine: build/home/x, ~/models\n" + "bad: /" + "home/ada/models\n")
    (found,) = check_source.machine_paths(path)
    assert found.startswith("notes.md:2:")


def test_british_spelling_is_found_and_names_given_by_others_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(check_source, "ROOT", tmp_path)
    path = tmp_path / "notes.md"
    # Put together here, so that this file passes the check itself.
    path.write_text('a color\nreturn {"CANCELLED"}, run.cancelled()\nThe Col' + "ours of cells\n")
    (found,) = check_source.british_words(path)
    assert found.startswith("notes.md:3:")


def test_a_docstring_that_begins_with_a_question_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(check_source, "ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text('"""Cells."""\n\nSIDE = 2\n"""How many there are."""\nname = "What is it?"\n')
    (found,) = check_source.roundabout_docstrings(path)
    assert found.startswith("module.py:4:")


def test_a_wheel_with_other_content_is_not_taken_for_the_real_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "a-1.0-cp310-abi3-win_amd64.whl"
    path.write_bytes(b"right")
    monkeypatch.setitem(extension.DIGESTS, path.name, hashlib.sha256(b"right").hexdigest())
    assert extension.is_intact(path)
    path.write_bytes(b"wrong")
    assert not extension.is_intact(path)
    path.unlink()
    assert not extension.is_intact(path)


def test_a_new_language_is_told_what_to_translate() -> None:
    words = tomllib.loads(lacking.written(lacking.lacking("xx", ".toml")))
    assert words["counts"]["layer"] == ["{} layer", "{} layers"]
    assert words["titles"]["Layer {}"] == "Layer {}"
    assert words["explain"]["with_token"] == "{place}, token {token}"
    interface = tomllib.loads(lacking.written(lacking.lacking("xx", ".interface.toml")))
    assert interface["labels"]["Build Model"] == "Build Model"
    assert not lacking.lacking("ja", ".toml")
