"""Tuning: tries recipes until a number of trials is done, and keeps each of them in an Optuna study.

Owns: studies, their storage and resumption, drawing of values, pruning. Leaves to others: what can be tried
(`search_space`), how good a recipe is (`judge`), what is shown (`tune_log`) and drawn (`inkdigits.evaluation`).

Only validation digits judge; the test part is never opened here. Several machines may work on one study if
its storage is a database that they share: each draws its own values and counts the trials of all.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from inkdigits.errors import MissingExtraError, RecipeError, UsageError
from inkdigits.files import write_text
from inkdigits.training.recipe import Recipe, recipe_to_toml
from inkdigits.training.search_space import Parameter, SearchSpace, Value, apply_values, make_grid
from inkdigits.training.tune_log import QuietTuneListener, TrialRecord, TuneListener

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

Method: TypeAlias = Literal["grid", "random", "tpe"]
Pruning: TypeAlias = Literal["median", "halving", "none"]
Report: TypeAlias = Callable[[int, float], None]
"""Takes a step, from 1, and the accuracy so far; does not return if the trial is not worth going on."""
Measure: TypeAlias = Callable[[Recipe, Report], float]
"""Tells how good a recipe is: accuracy on digits that it was not trained on."""

_STARTUP_TRIALS: Final = 5
"""Trials that nothing prunes: a median of fewer says little. Optuna's own default."""
_QUESTION: Final = "inkdigits:question"
"""Attribute of the study that says what its trials were asked, so that no other answers are mixed in."""
_FEWEST_FOR_IMPORTANCE: Final = 10
"""Finished trials below which shares of importance would be chance alone."""


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """How a search goes on.

    Attributes:
        method: "grid" tries all points of the grid in order; "random" draws evenly; "tpe" draws where good
            trials were (tree-structured Parzen estimator, Bergstra et al., 2011).
        trials: How many trials the study shall have in the end, those of earlier runs included.
        study: The study's name in the storage.
        storage: Any storage URL of Optuna, such as "sqlite:///study.db".
        pruning: "median" stops what is worse than the median of earlier trials at the same step; "halving" is
            asynchronous successive halving (Li et al., 2018); "none" goes on to the end.
        seed: Decides what is drawn.
    """

    method: Method
    trials: int
    study: str
    storage: str
    pruning: Pruning = "median"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TuneResult:
    """What a study came to so far.

    Attributes:
        trials: All trials that are over, in the order in which they were begun.
        best: The finished trial with the highest accuracy, the earliest of equals; None if none finished.
        recipe: The recipe of `best`; the one that was given if there is none.
        importance: Share of each parameter in the differences of accuracy, largest first; empty if too few
            trials have finished.
    """

    trials: tuple[TrialRecord, ...]
    best: TrialRecord | None
    recipe: Recipe
    importance: Mapping[str, float]


class Tuner:
    """Works on one study.

    Args:
        recipe: What is not tuned comes from here.
        space: What is tuned.
        measure: Judges a recipe.
        settings: How.
        question: Whatever else decides a trial's accuracy, such as how many digits it learns from.
        listener: Hears how it goes on.

    Raises:
        UsageError: If the storage can't be opened, or its study was asked something else.
        RecipeError: If the space does not fit the recipe.
        MissingExtraError: If Optuna is not installed.
    """

    def __init__(
        self,
        recipe: Recipe,
        space: SearchSpace,
        measure: Measure,
        settings: TuneSettings,
        *,
        question: str = "",
        listener: TuneListener | None = None,
    ) -> None:
        if settings.trials < 1:
            raise UsageError(f"{settings.trials} trials find nothing", remedy="Give at least 1.")
        self._recipe, self._space, self._measure, self._settings = recipe, space, measure, settings
        self._listener = listener or QuietTuneListener()
        self._grid = make_grid(space) if settings.method == "grid" else []
        with _quiet_optuna():
            self._study = _open_study(settings)
            self._check_question(f"{question}\n{recipe_to_toml(recipe)}")

    @property
    def goal(self) -> int:
        """Trials that the study shall have; a grid can't have more than points."""
        return min(self._settings.trials, len(self._grid)) if self._grid else self._settings.trials

    def run(self) -> TuneResult:
        """Go on until the study has its trials.

        Raises:
            KeyboardInterrupt: As it came; the trial under way is given up, all others are kept.
        """
        with _quiet_optuna():
            done = self._collect()
            self._listener.begin(done, goal=self.goal)
            try:
                while len(_finished(done)) < self.goal and self._prepare():
                    self._study.optimize(self._try, n_trials=1)
                    done = self._collect()
                    self._listener.take_trial(done[-1], done)
            finally:
                self._listener.end()
        return self.summarize()

    def summarize(self) -> TuneResult:
        """Return what the study came to so far."""
        with _quiet_optuna():
            trials = self._collect()
            finished = [trial for trial in trials if trial.state == "finished"]
            best = max(finished, key=lambda trial: (trial.accuracy, -trial.number), default=None)
            return TuneResult(
                trials=tuple(trials),
                best=best,
                recipe=apply_values(self._recipe, best.values) if best else self._recipe,
                importance=self._weigh() if len(finished) >= _FEWEST_FOR_IMPORTANCE else {},
            )

    def _prepare(self) -> bool:
        """Set up the next draw; False if a grid has no point left."""
        trials = self._study.get_trials(deepcopy=False)
        going = [trial for trial in trials if trial.state.name != "FAIL"]
        # Drawn anew for each trial, from the seed and the trials so far: a search that is stopped and resumed
        # draws what it would have drawn, and two machines on one study don't draw the same.
        self._study.sampler = _make_sampler(self._settings.method, seed=self._settings.seed + len(going))
        if not self._grid:
            return True
        taken = [_get_fixed(trial) for trial in going]
        point = next((point for point in self._grid if point not in taken), None)
        if point is not None:
            self._study.enqueue_trial(point)
        return point is not None

    def _try(self, trial: Trial) -> float:
        from optuna import TrialPruned

        is_grid = self._settings.method == "grid"
        space = [parameter for parameter in self._space if parameter.grid or not is_grid]
        recipe = apply_values(self._recipe, {p.name: _suggest(trial, p) for p in space})
        self._listener.begin_trial(trial.number, trial.params)

        def report(step: int, accuracy: float) -> None:
            self._listener.take_step(trial.number, step=step, accuracy=accuracy)
            trial.report(accuracy, step)
            if trial.should_prune():
                raise TrialPruned

        try:
            return self._measure(recipe, report)
        except (
            RecipeError
        ) as error:  # such as a rate at which the loss runs off: bad, but no end of the search
            trial.set_user_attr("reason", str(error))
            raise TrialPruned from error

    def _collect(self) -> list[TrialRecord]:
        trials = self._study.get_trials(deepcopy=False)
        return [_to_record(trial) for trial in trials if trial.state.is_finished()]

    def _weigh(self) -> dict[str, float]:
        from optuna.importance import get_param_importances

        with warnings.catch_warnings():
            # A parameter that only ever had one value, or trials that are all equally good.
            warnings.filterwarnings("ignore", module=r"optuna\.importance")
            return {name: float(share) for name, share in get_param_importances(self._study).items()}

    def _check_question(self, question: str) -> None:
        asked = self._study.user_attrs.get(_QUESTION)
        if asked is None:
            self._study.set_user_attr(_QUESTION, question)
        elif asked != question:
            raise UsageError(
                f"The study {self._settings.study!r} compares other recipes, or on other digits",
                remedy="Choose another name with --study, or give the options with which it was begun.",
            )


def save_trials(path: Path, trials: Sequence[TrialRecord]) -> None:
    """Write all trials as CSV: number, state, accuracy, steps, seconds, and a column for each parameter.

    Raises:
        OutputError: If the file can't be written.
    """
    names = sorted({name for trial in trials for name in trial.values})
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["trial", "state", "accuracy", "steps", "seconds", *names])
    for trial in trials:
        accuracy = "" if trial.accuracy is None else f"{trial.accuracy:.6f}"
        values = [trial.values.get(name, "") for name in names]
        rows.writerow([trial.number, trial.state, accuracy, trial.steps, f"{trial.seconds:.1f}", *values])
    write_text(path, text.getvalue())


def save_best(path: Path, result: TuneResult, *, study: str) -> None:
    """Write the best recipe as TOML, with a comment that says where it comes from.

    Raises:
        UsageError: If no trial has finished.
        OutputError: If the file can't be written.
    """
    if result.best is None:
        raise UsageError("No trial has finished", remedy="Give it more trials.")
    data, train = result.recipe.data, result.recipe.train
    digits = f"{data.train_size} digits" if data.train_size else "all digits"
    head = (
        f"# Trial {result.best.number} of {len(_finished(result.trials))} of the study {study!r}: accuracy "
        f"{result.best.accuracy:.4f} on digits that it was not trained on,\n# learning from {digits}. "
        "For a model to use, train with all of them and for longer:\n"
        f"#   inkdigits train {path.name} --train-size 0 --epochs {4 * train.epochs}\n"
    )
    write_text(path, f"{head}\n{recipe_to_toml(result.recipe)}")


def _finished(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    return [trial for trial in trials if trial.state != "failed"]


def _open_study(settings: TuneSettings) -> Study:
    try:
        import optuna
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise MissingExtraError("optuna", extra="train") from error
    try:
        _make_folder(settings.storage)
        return optuna.create_study(
            study_name=settings.study,
            storage=settings.storage,
            direction="maximize",
            pruner=_make_pruner(settings.pruning),
            load_if_exists=True,
        )
    except (optuna.exceptions.OptunaError, SQLAlchemyError, ImportError, ValueError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(
            f"The storage of the study can't be opened ({reason})",
            remedy="Give a URL such as sqlite:///study.db with --storage, and install its driver.",
        ) from error


def _make_folder(storage: str) -> None:
    """Make the folder of an SQLite file; SQLite itself makes only the file."""
    prefix = "sqlite:///"
    if storage.startswith(prefix) and ":memory:" not in storage:
        Path(storage.removeprefix(prefix).partition("?")[0]).parent.mkdir(parents=True, exist_ok=True)


def _make_sampler(method: Method, *, seed: int) -> BaseSampler:
    from optuna.exceptions import ExperimentalWarning
    from optuna.samplers import RandomSampler, TPESampler

    if method != "tpe":
        return RandomSampler(seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of Optuna 4: both are the defaults of Optuna 5
        return TPESampler(seed=seed, multivariate=True, constant_liar=True)


def _make_pruner(pruning: Pruning) -> BasePruner:
    from optuna.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner

    if pruning == "median":
        return MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=1)
    return SuccessiveHalvingPruner() if pruning == "halving" else NopPruner()


def _suggest(trial: Trial, parameter: Parameter) -> Value:
    if parameter.kind == "choice":
        chosen: Value = trial.suggest_categorical(parameter.name, parameter.choices)  # type: ignore[assignment]
        return chosen  # Optuna also allows None, which no choice here is
    if parameter.kind == "int":
        return trial.suggest_int(parameter.name, int(parameter.low), int(parameter.high), log=parameter.log)
    return trial.suggest_float(parameter.name, parameter.low, parameter.high, log=parameter.log)


def _get_fixed(trial: FrozenTrial) -> dict[str, Value]:
    """Return the values that a trial was told to take, or took."""
    fixed = trial.system_attrs.get("fixed_params")
    return dict(fixed if fixed is not None else trial.params)


def _to_record(trial: FrozenTrial) -> TrialRecord:
    states: Mapping[str, Literal["finished", "pruned", "failed"]] = {
        "COMPLETE": "finished",
        "PRUNED": "pruned",
    }
    steps = trial.intermediate_values
    accuracy = trial.value if trial.value is not None else steps[max(steps)] if steps else None
    return TrialRecord(
        number=trial.number,
        state=states.get(trial.state.name, "failed"),
        accuracy=accuracy,
        values=dict(trial.params),
        steps=len(steps),
        seconds=trial.duration.total_seconds() if trial.duration else 0.0,
    )


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Keep Optuna's own log to errors: what there is to say, the listener says."""
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("optuna", extra="train") from error
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
