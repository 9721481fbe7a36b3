"""run_fixture: folders of runs as the program leaves them, made by hand, so that what is in them is
known. Not a test.

write_run() takes trials as dictionaries from column to value; columns that a trial lacks are empty.
"""
import csv

BEFORE = ["trial", "label", "hash"]
AFTER = """status problem dataset model loss optimizer learning_rate steps epochs train_loss
train_accuracy train_objective validation_loss validation_accuracy best_validation_loss best_validation_accuracy
best_step test_loss test_accuracy train_mse train_mae train_r2 validation_mse validation_mae
validation_r2 test_mse test_mae test_r2 train_seconds evaluate_seconds load_seconds message""".split()
METRICS = """trial step epoch learning_rate train_loss train_accuracy train_objective validation_loss
validation_accuracy train_mse train_mae train_r2 validation_mse validation_mae validation_r2
train_seconds evaluate_seconds""".split()
USUAL = {"status": "finished", "dataset": "blobs", "model": "linear", "loss": "softmax",
         "optimizer": "sgd", "steps": 100, "epochs": 10, "train_seconds": "0.250",
         "evaluate_seconds": "0.010", "load_seconds": "0.001"}


def write_csv(path, columns, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore",
                                lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_run(folder, trials, swept=(), metrics=(), config="", status="finished", planned=None,
              seconds="12.500"):
    """The folder, with the files that `slope show` and `slope compare` read."""
    folder.mkdir(parents=True)
    rows = [{**USUAL, "trial": number, "hash": f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}",
             "label": f"trial {number}", **trial} for number, trial in enumerate(trials)]
    write_csv(folder / "trials.csv", [*BEFORE, *swept, *AFTER], rows)
    write_csv(folder / "metrics.csv", METRICS, metrics)
    (folder / "config.yaml").write_text(f"experiment: fixture\n{config}")
    (folder / "manifest.yaml").write_text(
        f"status: {status}\nexperiment: fixture\ntrials: {planned or len(rows)}\n"
        f"started: 2026-01-01T00:00:00Z\nseconds: {seconds}\nresumes: 0\n")
    return rows
