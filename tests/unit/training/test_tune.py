"""The search itself, on measures that take no time."""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path

import optuna
import pytest
from rich.console import Console

from inkdigits.errors import MissingExtraError, RecipeError, UsageError
from inkdigits.training import tune
from inkdigits.training.recipe import Recipe, load_recipe
from inkdigits.training.search_space import Parameter
from inkdigits.training.tune import (
    Measure,
    Method,
    Pruning,
    Report,
    Tuner,
    TuneResult,
    TuneSettings,
    save_best,
    save_trials,
)
from inkdigits.training.tune_log import (
    LiveTuneProgress,
    PlainTuneProgress,
    TrialRecord,
    TuneListener,
    make_tune_progress,
)

SPACE = (
    Parameter("train.learning_rate", "float", 0.001, 1.0, log=True, grid=(0.01, 0.1)),
    Parameter("train.batch_size", "choice", choices=(32, 64), grid=(32, 64)),
    Parameter("train.epochs", "int", 1, 9),
)


def measure(recipe: Recipe, report: Report) -> float:
    """Best at a rate of 0.1 and a batch of 64."""
    accuracy = 0.9 - abs(recipe.train.learning_rate - 0.1) + 0.01 * (recipe.train.batch_size == 64)
    for epoch in (1, 2, 3):
        report(epoch, accuracy - 0.01 / epoch)
    return accuracy


def make_tuner(
    folder: Path,
    *,
    method: Method = "random",
    trials: int = 6,
    measure: Measure = measure,
    pruning: Pruning = "none",
    question: str = "",
    listener: TuneListener | None = None,
    seed: int = 0,
) -> Tuner:
    storage = f"sqlite:///{folder / 'deep' / 'study.db'}"
    settings = TuneSettings(method, trials, "s", storage, pruning=pruning, seed=seed)
    return Tuner(Recipe(), SPACE, measure, settings, question=question, listener=listener)


def get_values(result: TuneResult) -> list[dict[str, object]]:
    return [dict(trial.values) for trial in result.trials]


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_a_search_finds_good_values_and_repeats_itself(tmp_path: Path, method: Method) -> None:
    result = make_tuner(tmp_path / "a", method=method, trials=16).run()
    assert len(result.trials) == 16
    assert result.best is not None
    assert result.best.accuracy == max(trial.accuracy or 0 for trial in result.trials)
    assert result.recipe.train.learning_rate == result.best.values["train.learning_rate"]
    assert result.best.steps == 3
    again = make_tuner(tmp_path / "b", method=method, trials=16).run()
    assert get_values(again) == get_values(result)
    other = make_tuner(tmp_path / "c", method=method, trials=3, seed=99).run()
    assert get_values(other) != get_values(result)[:3]


def test_what_matters_is_found(tmp_path: Path) -> None:
    result = make_tuner(tmp_path, trials=30).run()
    assert max(result.importance, key=lambda name: result.importance[name]) == "train.learning_rate"
    assert sum(result.importance.values()) == pytest.approx(1)


def test_few_trials_say_nothing_about_what_matters(tmp_path: Path) -> None:
    assert make_tuner(tmp_path, trials=4).run().importance == {}


def test_a_grid_is_gone_through_in_order_and_once(tmp_path: Path) -> None:
    first = make_tuner(tmp_path, method="grid", trials=3).run()
    assert len(first.trials) == 3
    tuner = make_tuner(tmp_path, method="grid", trials=100)
    assert tuner.goal == 4
    result = tuner.run()
    rates_and_batches = [tuple(trial.values.values()) for trial in result.trials]
    assert rates_and_batches == [(0.01, 32), (0.01, 64), (0.1, 32), (0.1, 64)]
    assert result.best is not None
    assert result.best.number == 3
    assert len(tuner.run().trials) == 4


@pytest.mark.parametrize("method", ["grid", "random", "tpe"])
def test_ctrl_c_keeps_trials_and_the_search_goes_on_as_if_nothing_had_been(
    tmp_path: Path, method: Method
) -> None:
    asked = 0

    def stop_in_third(recipe: Recipe, report: Report) -> float:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise KeyboardInterrupt
        return measure(recipe, report)

    tuner = make_tuner(tmp_path / "a", method=method, trials=4, measure=stop_in_third)
    with pytest.raises(KeyboardInterrupt):
        tuner.run()
    stopped = tuner.summarize()
    assert [trial.state for trial in stopped.trials] == ["finished", "finished", "failed"]
    resumed = make_tuner(tmp_path / "a", method=method, trials=4).run()
    finished = [dict(trial.values) for trial in resumed.trials if trial.state == "finished"]
    assert finished == get_values(make_tuner(tmp_path / "b", method=method, trials=4).run())


@pytest.mark.parametrize("pruning", ["median", "halving"])
def test_bad_trials_are_stopped_early(tmp_path: Path, pruning: Pruning) -> None:
    asked = 0

    def get_worse(recipe: Recipe, report: Report) -> float:
        nonlocal asked
        asked += 1
        accuracy = 0.9 if asked <= 8 else 0.1
        for epoch in range(1, 9):
            report(epoch, accuracy)
        return accuracy

    result = make_tuner(tmp_path, trials=12, measure=get_worse, pruning=pruning).run()
    late = result.trials[8:]
    assert [trial.state for trial in late] == ["pruned"] * 4
    assert all(trial.steps < 8 and trial.accuracy == 0.1 for trial in late)
    assert result.best is not None
    assert result.best.number < 8


def test_a_recipe_that_runs_off_counts_as_pruned(tmp_path: Path) -> None:
    def run_off(recipe: Recipe, report: Report) -> float:
        raise RecipeError("The loss stopped being a number")

    result = make_tuner(tmp_path, trials=2, measure=run_off).run()
    assert [(trial.state, trial.accuracy) for trial in result.trials] == [("pruned", None)] * 2
    assert result.best is None
    assert result.recipe == Recipe()
    with pytest.raises(UsageError, match="No trial"):
        save_best(tmp_path / "best.toml", result, study="s")


def test_a_defect_is_not_taken_for_a_bad_trial(tmp_path: Path) -> None:
    def break_down(recipe: Recipe, report: Report) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_tuner(tmp_path, measure=break_down).run()


def test_a_study_answers_one_question_only(tmp_path: Path) -> None:
    make_tuner(tmp_path, trials=1, question="2000 digits").run()
    with pytest.raises(UsageError, match="--study"):
        make_tuner(tmp_path, question="3000 digits")
    assert len(make_tuner(tmp_path, trials=2, question="2000 digits").run().trials) == 2


def test_two_searches_share_a_study_and_draw_different_values(tmp_path: Path) -> None:
    inner: list[TuneResult] = []

    def search_within(recipe: Recipe, report: Report) -> float:
        if not inner:
            inner.append(make_tuner(tmp_path, trials=2).run())
        return measure(recipe, report)

    result = make_tuner(tmp_path, trials=3, measure=search_within).run()
    values = [tuple(trial.values.values()) for trial in result.trials]
    assert len(values) == len(set(values)) == 3


@pytest.mark.parametrize("storage", ["no url", "nosuchdb://host/name", "sqlite:////proc/none/x.db"])
def test_a_storage_that_cannot_be_opened(storage: str) -> None:
    with pytest.raises(UsageError, match="storage"):
        Tuner(Recipe(), SPACE, measure, TuneSettings("random", 1, "s", storage))


def test_no_trials_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        make_tuner(tmp_path, trials=0)


def test_without_optuna_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[train\]"):
        make_tuner(tmp_path)


def test_optuna_says_nothing_and_keeps_its_level(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.enable_propagation()
    try:
        with caplog.at_level(logging.DEBUG):
            make_tuner(tmp_path, trials=1).run()
    finally:
        optuna.logging.disable_propagation()
    assert not [record for record in caplog.records if record.name.startswith("optuna")]
    assert optuna.logging.get_verbosity() == before


def test_trials_as_csv(tmp_path: Path) -> None:
    trials = [
        TrialRecord(0, "finished", 0.5, {"train.epochs": 2}, 3, 1.25),
        TrialRecord(1, "failed", None, {}, 0, 0.0),
    ]
    save_trials(tmp_path / "trials.csv", trials)
    assert list(csv.reader((tmp_path / "trials.csv").read_text().splitlines())) == [
        ["trial", "state", "accuracy", "steps", "seconds", "train.epochs"],
        ["0", "finished", "0.500000", "3", "1.2", "2"],
        ["1", "failed", "", "0", "0.0", ""],
    ]


def test_the_best_recipe_says_where_it_comes_from(tmp_path: Path) -> None:
    result = make_tuner(tmp_path, trials=3).run()
    save_best(tmp_path / "best.toml", result, study="two\nlines")
    assert load_recipe(tmp_path / "best.toml") == result.recipe
    assert "of 3 of the study 'two\\nlines'" in (tmp_path / "best.toml").read_text()


def test_plain_lines_tell_each_trial(tmp_path: Path) -> None:
    lines = io.StringIO()
    make_tuner(tmp_path, trials=2, listener=PlainTuneProgress(lines)).run()
    make_tuner(tmp_path, trials=3, listener=PlainTuneProgress(lines)).run()
    first, _, resumed, last = lines.getvalue().splitlines()
    assert first.startswith("trial 1/2: accuracy ")
    assert "finished after 3 steps" in first
    assert "batch_size" in first
    assert resumed.startswith("Resuming after 2 of 3 trials; best ")
    assert last.startswith("trial 3/3: ")


def test_a_bar_on_a_terminal_names_the_best() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    listener = make_tune_progress(console)
    assert isinstance(listener, LiveTuneProgress)
    trial = TrialRecord(0, "finished", 0.987, {}, 2, 1.0)
    listener.begin([], goal=2)
    listener.begin_trial(0, {})
    listener.take_step(0, step=1, accuracy=0.9)
    listener.take_trial(trial, [trial])
    listener.end()
    assert "1/2" in screen.getvalue()
    assert "best 98.70%" in screen.getvalue()


def test_elsewhere_there_are_plain_lines() -> None:
    assert isinstance(make_tune_progress(Console(file=io.StringIO())), PlainTuneProgress)


def test_an_importance_of_equal_trials_is_no_defect(tmp_path: Path) -> None:
    result = make_tuner(tmp_path, trials=12, measure=lambda recipe, report: 0.5).run()
    assert set(result.importance) == {parameter.name for parameter in SPACE}
    assert tune._FEWEST_FOR_IMPORTANCE <= 12
