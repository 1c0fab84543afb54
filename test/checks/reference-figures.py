"""Writes reference-figures.json: what the checks must find on the example, computed without Gatehouse.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0 onnxruntime==1.32.0
    pip install --no-deps MLstatkit==0.1.91
    python reference-figures.py && npx prettier --write reference-figures.json

Accuracy, ROC AUC, precision, recall, F1 and the confusion matrix are scikit-learn's; Wilson's interval and the exact
McNemar test statsmodels'; the variance of DeLong MLstatkit's, compared here with the definition (DeLong 1988, equations
4 to 6) written out over all pairs. Bonett & Price's interval is the formula of their paper: no Python package has it.
"""

import csv
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime
from MLstatkit import Delong_test
from scipy.stats import binomtest, norm
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "examples" / "alzheimer"
SLICES = ["male", "apoe_e4_alleles"]
PAIRS = [("1.4.0", "1.2.0"), ("1.3.0", "1.2.0"), ("1.2.0", "1.1.0"), ("1.5.0", "1.4.0")]
MCNEMAR = [(0, 0), (1, 0), (5, 1), (1, 7), (10, 25), (0, 40), (12, 12), (500, 600), (100_000, 101_000)]
Z95 = norm.ppf(0.975)


def holdout():
    with open(EXAMPLE / "data" / "holdout.csv", newline="") as file:
        header, *rows = csv.reader(file)
    values = np.array(rows, dtype=np.float64)
    return header[:-1], values[:, :-1].astype(np.float32), values[:, -1].astype(np.int64)


def answers(of, rows):
    session = onnxruntime.InferenceSession(EXAMPLE / "packages" / of / "model.onnx", providers=["CPUExecutionProvider"])
    label, probabilities = session.run(["label", "probabilities"], {"X": rows})
    return label, probabilities[:, 1].astype(np.float64)


def figures(truth, label, score):
    both_classes = len(set(truth)) == 2
    chosen, positives = label.sum() > 0, truth.sum() > 0
    return {
        "rows": len(truth),
        "accuracy": accuracy_score(truth, label),
        "accuracy_ci95": proportion_confint(int((truth == label).sum()), len(truth), method="wilson"),
        "roc_auc": roc_auc_score(truth, score) if both_classes else None,
        "precision": precision_score(truth, label) if chosen else None,
        "recall": recall_score(truth, label) if positives else None,
        "f1": f1_score(truth, label) if chosen or positives else None,
        "confusion": confusion_matrix(truth, label, labels=[0, 1]).tolist(),
    }


def delong_by_definition(truth, first, second):
    def placements(score):
        wins = (score[truth == 1][:, None] > score[truth == 0]) + 0.5 * (score[truth == 1][:, None] == score[truth == 0])
        return wins.mean(axis=1), wins.mean(axis=0)

    (a10, a01), (b10, b01) = placements(first), placements(second)
    return np.var(a10 - b10, ddof=1) / len(a10) + np.var(a01 - b01, ddof=1) / len(a01)


def auc_difference(truth, candidate, production):
    difference = roc_auc_score(truth, candidate) - roc_auc_score(truth, production)
    variance = delong_by_definition(truth, candidate, production)
    info = Delong_test(truth, production, candidate)[-1]
    if info["method"] == "delong":
        assert abs(info["var_diff"] - variance) < 1e-12, (info, variance)
    else:
        assert variance == 0, (info, variance)
    half = Z95 * np.sqrt(variance)
    return {"roc_auc_difference": difference, "roc_auc_difference_ci95": [difference - half, difference + half]}


def paired(truth, candidate, production):
    right, before = candidate[0] == truth, production[0] == truth
    rows, won, lost = len(truth), int((right & ~before).sum()), int((before & ~right).sum())
    table = [[int((right & before).sum()), won], [lost, int((~right & ~before).sum())]]
    p_won, p_lost = (won + 1) / (rows + 2), (lost + 1) / (rows + 2)
    centre, half = p_won - p_lost, Z95 * np.sqrt((p_won + p_lost - (p_won - p_lost) ** 2) / (rows + 2))
    return {
        "both_right": table[0][0],
        "only_candidate_right": won,
        "only_production_right": lost,
        "both_wrong": table[1][1],
        "mcnemar_p": mcnemar(table, exact=True).pvalue if won + lost > 0 else 1.0,
        "accuracy_difference": (won - lost) / rows,
        "accuracy_difference_ci95": [centre - half, centre + half],
        **auc_difference(truth, candidate[1], production[1]),
    }


def tied_scores():
    """Sixty rows with many ties, so that the half pairs are tried."""
    random = np.random.default_rng(7)
    truth = (np.arange(60) % 3 == 0).astype(int)
    first, second = (np.round(truth * lift + random.normal(size=60), 0) for lift in (0.6, 1.4))
    return {"truth": truth.tolist(), "candidate": first.tolist(), "production": second.tolist()} | auc_difference(
        truth, first, second
    )


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return float(f"{value:.10g}") if isinstance(value, (float, np.floating)) else value


def main():
    features, rows, truth = holdout()
    answered = {path.name: answers(path.name, rows) for path in sorted((EXAMPLE / "packages").iterdir())}
    table = {
        "made": {
            "by": "reference-figures.py",
            "with": {name: version(name) for name in ["numpy", "scipy", "scikit-learn", "statsmodels", "MLstatkit", "onnxruntime"]},
            "confusion": "rows are the true class, columns the predicted one, both [0, 1]",
        },
        "versions": {of: figures(truth, *answer) for of, answer in answered.items()},
        "slices": {
            of: {
                f"{column}={value:g}": figures(truth[mask], label[mask], score[mask])
                for column in SLICES
                for value in np.unique(rows[:, features.index(column)])
                for mask in [rows[:, features.index(column)] == value]
            }
            for of, (label, score) in answered.items()
        },
        "paired": {f"{first} {second}": paired(truth, answered[first], answered[second]) for first, second in PAIRS},
        "tied": tied_scores(),
        "mcnemar": [[won, lost, binomtest(won, won + lost).pvalue if won + lost else 1.0] for won, lost in MCNEMAR],
    }
    (HERE / "reference-figures.json").write_text(json.dumps(rounded(table), indent=2) + "\n")


if __name__ == "__main__":
    main()
