# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Reading a results folder
#
# `peerscape run scenarios/quickstart.toml` writes a folder of plain files. This notebook reads
# them with pandas: it shows what was run, recomputes the intervals from the replications, checks
# them against `summary.csv`, and finds where the best topology changes. It needs nothing of
# peerscape but the folder, so it serves as a start for an analysis of your own.

# %%
import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import t as student_t

METRIC = os.environ.get("PEERSCAPE_METRIC", "delivery_latency_p95_ms")


def results_folder() -> Path:
    """PEERSCAPE_RESULTS, or results/quickstart of the repository this is run in."""
    if named := os.environ.get("PEERSCAPE_RESULTS"):
        return Path(named).resolve()
    here = Path.cwd()
    candidates = [folder / "results" / "quickstart" for folder in (here, *here.parents)]
    for candidate in candidates:
        if (candidate / "runs.csv").is_file():
            return candidate
    raise FileNotFoundError(
        "no results/quickstart above this folder: run `peerscape run scenarios/quickstart.toml` "
        "first, or set PEERSCAPE_RESULTS to a results folder"
    )


folder = results_folder()
runs = pd.read_csv(folder / "runs.csv")
findings = pd.read_csv(folder / "findings.csv")
summary = pd.read_csv(folder / "summary.csv")
columns = json.loads((folder / "columns.json").read_text())["metrics"]
manifest = json.loads((folder / "manifest.json").read_text())

# %% [markdown]
# ## What was run

# %%
short = {key: value for key, value in manifest.items() if isinstance(value, (str, int, float))}
pd.Series(short, name=folder.name).to_frame()

# %% [markdown]
# `runs.csv` is tidy: one row for each value. The axes are the columns between `topology` and
# `seed`; `peers` is among them where it is swept, and then it is the horizontal axis below.

# %%
axes = list(runs.columns[1 : runs.columns.get_loc("seed")])
cell = ["topology", *axes]
print("axes:", ", ".join(axes) or "none")
print("seeds:", runs["seed"].nunique(), " topologies:", runs["topology"].nunique())
runs.head()

# %% [markdown]
# ## The metrics

# %%
pd.DataFrame(columns).T[["unit", "better", "meaning"]].style.set_properties(**{"text-align": "left"})

# %% [markdown]
# ## Intervals, from the replications
#
# Replications are independent, so the mean of a cell has an interval over its seeds: Student's t, on a
# scale on which nothing impossible lies (`docs/MODELS.md`, Statistics). Seeds in which a topology fails
# stand in `findings.csv`; where others work, a cell's figures are those of the others.


# %%
def reach(values: pd.Series) -> float:
    """How far Student's 95 % interval reaches to either side of the mean; none with fewer than two values."""
    n = len(values)
    return student_t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan


def interval(values: pd.Series, most: float | None) -> pd.Series:
    """The mean with the ends of its 95 % interval, of values from zero to `most`, if there is a most."""
    n, mean = len(values), values.mean()
    half = 0.0 if n > 1 and values.nunique() == 1 else reach(values)
    low, high = mean - half, mean + half
    if half > 0 and (most is None or values.max() <= most) and values.min() >= 0:
        if most is None:
            low, high = mean * np.exp([-half / mean, half / mean])
        else:
            share = mean / most
            low, high = most * expit(logit(share) + np.array([-1, 1]) * half / most / (share * (1 - share)))
    return pd.Series({"n": n, "mean": mean, "low": low, "high": high})


def difference(values: pd.Series) -> pd.Series:
    """The same of differences, which have no range but that of the metric both ways."""
    mean, half, most = values.mean(), reach(values), columns[METRIC]["most"] or np.inf
    return pd.Series({"n": len(values), "mean": mean, "low": max(mean - half, -most), "high": min(mean + half, most)})


# Without the seeds that fail, where others work.
key = [*cell, "seed"]
failing = findings[key].astype(runs.dtypes[key]).drop_duplicates().assign(fails=True)
marked = runs.merge(failing, on=key, how="left")
marked["fails"] = marked["fails"].notna()
works_somewhere = ~marked.groupby(cell, sort=False, dropna=False)["fails"].transform("all")
counted = marked[~(marked["fails"] & works_somewhere)].drop(columns="fails")

groups = counted.groupby([*cell, "metric"], sort=False, dropna=False)["value"]
intervals = {place: interval(values, columns[place[-1]]["most"]) for place, values in groups}
recomputed = pd.DataFrame(intervals).T.rename_axis([*cell, "metric"]).reset_index()

# %% [markdown]
# `summary.csv` must say the same. This cell fails if it does not.

# %%
cells = summary[summary["kind"] == "cell"].drop(columns=["kind", "versus"])
cells = cells[cells["metric"] != "failing_seeds_percent"]
both = recomputed.merge(cells, on=[*cell, "metric"], suffixes=("", "_file"))
assert len(both) == len(cells) > 0, f"{len(cells)} rows in summary.csv, {len(both)} found in runs.csv"
for ours, theirs in [("mean", "mean_file"), ("low", "ci95_low"), ("high", "ci95_high")]:
    np.testing.assert_allclose(both[ours], both[theirs], rtol=1e-4, atol=1e-6)
print(f"{len(both)} intervals agree with summary.csv")

# %% [markdown]
# ## The metric against the number of peers

# %%
unit, title = columns[METRIC]["unit"], columns[METRIC]["title"]
lower_is_better = columns[METRIC]["better"] != "higher"
x = "peers" if "peers" in axes else next((axis for axis in axes if pd.api.types.is_numeric_dtype(runs[axis])), None)
others = [axis for axis in axes if axis != x]
# With more axes than one, the first combination of the others is shown.
shown = recomputed[recomputed["metric"] == METRIC]
for axis in others:
    shown = shown[shown[axis] == shown[axis].iloc[0]]

# Okabe and Ito's colours, as in the plots that peerscape writes.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
MARKERS = "os^Dv"

figure, panel = plt.subplots(figsize=(9, 5), layout="constrained")
for index, (topology, line) in enumerate(shown.groupby("topology", sort=False)):
    colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
    if x is None:
        sides = [(line["mean"] - line["low"]).fillna(0.0), (line["high"] - line["mean"]).fillna(0.0)]
        panel.errorbar(line["mean"], [topology], xerr=sides, fmt=marker, color=colour, capsize=4)
        continue
    line = line.sort_values(x)
    panel.plot(line[x], line["mean"], color=colour, marker=marker, label=topology)
    fails = line.merge(failing.drop(columns="seed"), on=cell)
    panel.plot(fails[x], fails["mean"], marker, markerfacecolor="white", color=colour)
    panel.fill_between(line[x], line["low"], line["high"], color=colour, alpha=0.18, linewidth=0)
if x is None:
    panel.set_xlabel(f"{title} ({unit})")
else:
    if shown[x].min() > 0 and shown[x].max() > 10 * shown[x].min():
        panel.set_xscale("log")
        panel.set_xticks(sorted(shown[x].unique()), [f"{value:,.0f}" for value in sorted(shown[x].unique())])
        panel.minorticks_off()
    if shown["mean"].min() > 0 and shown["mean"].max() > 20 * shown["mean"].min():
        panel.set_yscale("log")
    panel.set(xlabel=x, ylabel=f"{title} ({unit})")
    panel.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
panel.grid(color="#e4e4e4", linewidth=0.6)
# Hollow: some seed fails there.
panel.spines[["top", "right"]].set_visible(False)
panel.set_title(columns[METRIC]["meaning"].split(".")[0], loc="left", fontsize=10, wrap=True)
plt.show()

# %% [markdown]
# ## Paired differences
#
# The topologies of a cell meet the same population, the same arrivals and the same losses, seed
# by seed. So the difference is taken within each seed, and its interval is tighter than those of
# the two means: what both topologies suffer alike cancels. Shown are the two that are best at the
# largest number of peers.

# %%
wide = counted[counted["metric"] == METRIC].pivot_table(index=[*axes, "seed"], columns="topology", values="value", sort=False)


def paired(ours: str, other: str) -> pd.DataFrame:
    """The interval of `ours - other` in every group of cells."""
    differences = (wide[ours] - wide[other]).dropna()
    by_cell = differences.groupby(axes, sort=False) if axes else differences.groupby(lambda _: "all")
    return by_cell.apply(difference).unstack()


sign = 1.0 if lower_is_better else -1.0
largest = wide if x is None else wide[wide.index.get_level_values(x) == wide.index.get_level_values(x).max()]
ranking = (sign * largest.mean()).dropna().sort_values().index
if len(ranking) > 1:
    table = paired(ranking[0], ranking[1])
    less, more = table["high"] < 0, table["low"] > 0
    better, worse = (less, more) if lower_is_better else (more, less)
    table["verdict"] = np.select([better, worse], ["better", "worse"], "inconclusive")
    print(f"{ranking[0]} minus {ranking[1]}, {METRIC} ({unit})")
    display(table)

# %% [markdown]
# The same differences stand in `summary.csv`, as rows of kind `difference`. This cell checks
# every one of this metric that it can find.

# %%
differences = summary[(summary["kind"] == "difference") & (summary["metric"] == METRIC)]
checked = 0
for (ours, other), rows in differences.groupby(["topology", "versus"], sort=False):
    table = paired(ours, other)
    rows = rows.set_index(axes) if axes else rows.set_index(table.index)
    table = table.loc[rows.index]
    for mine, theirs in [("mean", "mean"), ("low", "ci95_low"), ("high", "ci95_high")]:
        np.testing.assert_allclose(table[mine], rows[theirs].astype(float), rtol=1e-4, atol=1e-6)
    checked += len(rows)
print(f"{checked} differences agree with summary.csv")

# %% [markdown]
# ## Where the best topology changes
#
# In each cell, the topology with the best mean, and whether it is better than the next one beyond
# chance. A topology that loses messages can look fast, for only what arrives has a latency: read
# this beside `delivery_ratio_percent`.

# %%
changes = []
for values, rows in wide.groupby(axes, sort=False) if axes else [("all", wide)]:
    means = (sign * rows.mean()).dropna().sort_values()
    best, runner_up = means.index[0], means.index[1] if len(means) > 1 else None
    clear = ""
    if runner_up is not None:
        ends = difference((rows[best] - rows[runner_up]).dropna())
        clear = "yes" if ends["low"] > 0 or ends["high"] < 0 else "no"
    values = values if isinstance(values, tuple) else (values,)
    changes.append([*values, best, sign * means.iloc[0], runner_up, clear])
changes = pd.DataFrame(changes, columns=[*(axes or ["cell"]), "best", f"mean ({unit})", "next", "beyond chance"])
changes["changed"] = np.where(changes["best"] != changes["best"].shift().fillna(changes["best"].iloc[0]), "<-", "")
changes
