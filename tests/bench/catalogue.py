"""catalogue: every case, in the order of the table: those of cases.py and those of sweeps.py."""
import cases
import data
import sweeps


def all_cases(sizes, folder):
    """Every case, in the order of the table. Writes the data that are made up into the folder, if there
    is one."""
    wide = data.write_random(folder, sizes.rows, sizes.features, sizes.classes)
    fashion = data.fashion() if sizes.fashion else data.write_random(
        folder, sizes.fashion_rows, sizes.fashion_features, sizes.classes)
    full = list(cases.full_batch(sizes, *wide))
    mlps = list(cases.mlp_epochs(sizes, *fashion))
    found = [*full, *cases.random_search(sizes, *wide), *cases.linear_epochs(sizes, *fashion), *mlps,
             *cases.threads([full[0], full[2], *mlps]), *cases.whole_process(*fashion),
             *cases.memory(sizes, *wide), *sweeps.all_cases(sizes, *fashion)]
    for case in found:
        files = case.experiment.get("dataset", {}).get("train", {})
        case.images, case.labels = files.get("images"), files.get("labels")
    return found
