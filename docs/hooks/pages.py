"""Pages that MkDocs makes from what the package knows: model cards and the data sheet of every set.

Owns: their Markdown. The facts stand in the bundles' metadata and in `datasets/registry.toml`, and nowhere twice.
"""

from __future__ import annotations

from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from inkdigits.bundles import list_bundles, load_classifier
from inkdigits.datasets.registry import DatasetInfo, list_datasets


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the made pages to those that lie in the folder."""
    pages = {"models.md": write_models(), "data/index.md": write_overview()}
    pages |= {f"data/{info.name}.md": write_sheet(info) for info in list_datasets()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the data sheets into the navigation."""
    assert config.nav is not None
    config.nav[-1]["Models and data"].append(
        {"Data sheets": [f"data/{info.name}.md" for info in list_datasets()]}
    )
    return config


def write_models() -> str:
    """Return the model cards of the bundles that ship."""
    lines = ["# Model cards", ""]
    for name in list_bundles():
        metadata = load_classifier(name).metadata
        raw: Any = metadata.everything
        metrics = ", ".join(f"{key} {value:.6g}" for key, value in raw.get("metrics", {}).items())
        lines += [
            f"## {name}",
            "",
            str(raw.get("description", "")),
            "",
            "| what | |",
            "| --- | --- |",
            f"| Input | {metadata.input_size[0]}x{metadata.input_size[1]}, {raw.get('ink', '')} |",
            f"| Labels | {', '.join(metadata.labels)} |",
            f"| Weights | {metadata.parameters:,} |",
            f"| Temperature | {metadata.temperature:.4f}, fitted on validation digits |",
            f"| Trained on | {', '.join(_link(entry) for entry in raw.get('data', ()))} |",
            f"| Metrics | {metrics} |",
            f"| Licence | {raw.get('licence', '')} |",
            f"| Made | {raw.get('created', '')}, commit {raw.get('commit', '')[:12]} |",
            "",
            "**Intended use.** Handwritten digits, one glyph at a time, in the form that `inkdigits.ink` makes of "
            "them; the reader finds them on pages.",
            "",
            "**Limits.** A confident answer can be wrong: [Results](results.md) and [What it reads](reading.md) "
            "tell how often on which pictures. Where an error is costly, let people check what is unsure. "
            + ("" if "none" in metadata.labels else "It has no class for ink that is no digit."),
            "",
            "Recipe:",
            "",
            "```toml",
            str(raw.get("recipe", "")).strip(),
            "```",
            "",
        ]
    return "\n".join(lines)


def write_overview() -> str:
    """Return the list of all data sets."""
    lines = [
        "# Data sets",
        "",
        "What InkDigits knows of; `inkdigits data fetch NAME` brings those that can be downloaded.",
        "",
        "| name | what | script | images | may train a model that ships |",
        "| --- | --- | --- | --- | --- |",
    ]
    for info in list_datasets():
        count = sum(split.count for split in info.splits.values())
        permitted = "yes" if info.may_train else "no"
        lines.append(
            f"| [{info.name}]({info.name}.md) | {info.title} | {info.script} | {count:,} | {permitted} |"
        )
    return "\n".join([*lines, ""])


def write_sheet(info: DatasetInfo) -> str:
    """Return the data sheet of one set."""
    size = f"{info.size[0]}x{info.size[1]} px" if info.size else "many sizes"
    lines = [
        f"# {info.name}",
        "",
        f"{info.title}.",
        "",
        "| what | |",
        "| --- | --- |",
        f"| Source | {info.source} |",
        f"| Licence | {info.licence} |",
        f"| May train a model that ships | {'yes' if info.may_train else 'no'} |",
        f"| Script | {info.script} |",
        f"| Form | {info.kind}, {size}, {info.polarity} |",
        f"| Labels | {', '.join(info.label_names) or 'told by the data'} |",
        f"| Cite | {info.citation or 'not known'} |",
        f"| How to get it | {_tell_fetch(info)} |",
        f"| Doubts | {info.doubt or 'none known'} |",
        "",
        "| part | images |",
        "| --- | --- |",
        *(f"| {name} | {split.count:,} |" for name, split in info.splits.items()),
        "",
    ]
    return "\n".join(lines)


def _tell_fetch(info: DatasetInfo) -> str:
    return f"`inkdigits data fetch {info.name}`" if info.can_fetch else info.manual or "by hand"


def _link(name: str) -> str:
    known = {info.name for info in list_datasets()}
    return f"[{name}](data/{name}.md)" if name in known else name
