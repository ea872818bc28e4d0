"""Chooses what goes on: classes by number or score; micrographs or particles by value, statistics, distance; or parts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitreous.context import Context, UserError
from vitreous.job.declare import AskJob, Unit, group, input, job, output
from vitreous.methods.selection.settings import ClassChoice, RowChoice, Splitting
from vitreous.param import param

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vitreous.files.classification import Classification
    from vitreous.tables.table import Table


@job(
    "relion.select",
    number=7,
    folder="Select",
    title="Subset selection",
    version=1,
    command="select",
    fixed={"do_filaments": "No", "fn_coords": ""},
    ignored=("dendrogram_threshold", "dendrogram_minclass", "python_exe"),
)
class Select(AskJob):
    """Keep the good classes, or the rows of a table that pass, or divide a table into parts; also as chosen in the window."""

    model: str = input(
        kind="optimiser",
        relion="fn_model",
        optional=True,
        help="Optimiser or model STAR file of a classification, or its folder (the last iteration), to choose among its classes.",
    )
    micrographs: str = input(kind="micrographs", relion="fn_mic", optional=True, help="Or a table of micrographs.")
    particles: str = input(kind="particles", relion="fn_data", optional=True, help="Or a table of particles.")
    answer: str = param(
        "",
        help="What a person chose in the window: a file of JSON, as the window saves it (answer.json in the job's folder).",
    )
    choice: ClassChoice = group(ClassChoice, tab="Classes")
    rows: RowChoice = group(RowChoice, tab="Subsets")
    splitting: Splitting = group(Splitting, tab="Subsets")
    kept_particles = output("particles.star", kind="particles", help="The particles that were kept", when="model")
    averages = output("class_averages.star", kind="references2d", help="The classes that were kept", when="model")
    backup = output("backup_selection.star", kind="file", help="Which classes were kept", when="model")
    ranked = output("rank_optimiser.star", kind="optimiser", help="The classes with their scores", when="by_score")
    some_particles = output("particles*.star", kind="particles", help="The particles that were kept", when="particles")
    some_micrographs = output("micrographs*.star", kind="micrographs", help="The micrographs kept", when="micrographs")

    def question(self) -> str:
        """Which classes, or which micrographs, where only an input is given."""
        if self.answer or self.rows.by_value or self.rows.by_statistics or self.rows.remove_duplicates or self.splitting.split:
            return ""
        if self.model:
            return "" if self.choice.classes or self.choice.by_score else "classes"
        return "micrographs" if self.micrographs and not self.particles else ""

    def units(self, context: Context) -> Sequence[Unit]:
        """One unit, whose row holds a digest of the input, and of the answer."""
        from vitreous.files import classification
        from vitreous.files.digest import digest

        given = [path for path in (self.model, self.micrographs, self.particles) if path]
        if len(given) != 1:
            raise UserError(f"give one of --model, --micrographs and --particles; {len(given)} were given")
        path = classification.last_iteration(given[0]) if self.model else Path(given[0])
        if self.answer:
            return [Unit(key=str(path), row={"digest": digest(path), "answer": digest(self.answer)})]
        chosen = {
            "--classes or --by-score (among classes)": bool(self.choice.classes) or self.choice.by_score,
            "--by-value": self.rows.by_value,
            "--by-statistics": self.rows.by_statistics,
            "--remove-duplicates": self.rows.remove_duplicates,
            "--split": self.splitting.split,
        }
        if self.model and not chosen["--classes or --by-score (among classes)"]:
            raise UserError("say which classes to keep: --classes 1,3,5, or --by-score for those that look good")
        if not self.model and not any(list(chosen.values())[1:]):
            raise UserError(f"say what to do with {given[0]}: {', '.join(list(chosen)[1:])}")
        return [Unit(key=str(path), row={"digest": digest(path)})]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Choose, and write what was chosen."""
        if self.model:
            return self._choose_classes(context)
        return self._choose_rows(context)

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Say what became of it; the files were written by the one unit."""
        for record in records:
            context.note(record["note"])

    def _choose_classes(self, context: Context) -> dict[str, Any]:
        import numpy as np

        from vitreous.files import answers, classification, star
        from vitreous.files.stacks import ImageStacks
        from vitreous.methods.selection import answered, choose

        found = classification.read(classification.last_iteration(self.model))
        classes, particles = found.classes, found.particles
        sizes = np.bincount(particles["class_number"].astype(np.intp), minlength=len(classes) + 1)[1 : len(classes) + 1]
        numbers = self.choice.classes
        if self.answer:
            numbers = answered.classes(answers.read(self.answer, {"classes"}))
        if numbers or self.answer:
            try:
                kept = choose.by_number(numbers, len(classes))
            except ValueError as error:
                raise UserError(f"{self.model}: {error}") from error
        else:
            scores = _scores(found)
            classes = classes.with_(class_score=scores)
            kept = choose.by_score(scores, sizes, self.choice)
            classification.write_ranked(found, scores, context.folder)
        mine = particles.select(np.isin(particles["class_number"], np.flatnonzero(kept) + 1))
        note = f"{kept.sum()} of {len(kept)} classes kept, with {len(mine)} of {len(particles)} particles"
        if not len(mine):
            best = f"; the best score is {classes['class_score'].max():.2f}" if "class_score" in classes else ""
            raise UserError(f"the chosen classes of {self.model} hold no particles{best}: choose others, or lower --least-score")
        if self.choice.regroup:
            mine = _regrouped(found, mine, self.choice.group_count)
        star.write_table(context.folder / self.kept_particles.name, mine)
        recentre = self.choice.recentre and classification.are_images(classes)
        stacks = ImageStacks(list(classes.select(kept)["reference_image"])) if recentre else None
        classification.write_selection(
            context.folder,
            classes,
            kept,
            centred=choose.centred(stacks.read(np.arange(len(stacks)))) if stacks else None,
            pixel_size_A=stacks.pixel_size_A if stacks else 0.0,
        )
        return {"note": note, "classes": (np.flatnonzero(kept) + 1).tolist(), "particles": len(mine)}

    def _as_answered(self, table: "Table", kind: str) -> "Table":
        """The rows that a person chose."""
        from vitreous.files import answers
        from vitreous.methods.selection import answered

        found = answers.read(self.answer, {"rows", "micrographs"} if kind == "micrographs" else {"rows"})
        try:
            if found["kind"] == "rows":
                return table.select(answered.rows(table, found))
            return answered.refitted(table, found).select(answered.micrographs(table, found))
        except UserError as error:
            raise UserError(f"{self.answer}: {error}") from error

    def _choose_rows(self, context: Context) -> dict[str, Any]:
        import numpy as np

        from vitreous.files import image_statistics, star
        from vitreous.methods.selection import rows

        path, kind = (self.micrographs, "micrographs") if self.micrographs else (self.particles, "particles")
        table = star.read_table(path, kind)
        left = self._as_answered(table, kind) if self.answer else table
        if self.rows.by_value:
            values = _numbers(left, self.rows.column, path)
            left = left.select(rows.by_value(values, self.rows.lowest, self.rows.highest))
        if self.rows.by_statistics:
            statistics = image_statistics.moments(_names(left, self.rows.image_column, path))
            left = left.select(rows.without_outliers(*statistics, sigma=self.rows.sigma))
        if self.rows.remove_duplicates:
            left = left.select(_singles(left, self.rows, path))
        if not len(left):
            raise UserError(f"none of the {len(table)} rows of {path} is left: widen the limits of the selection")
        if not self.splitting.split:
            star.write_table(context.folder / f"{kind}.star", left)
            return {"note": f"{len(left)} of {len(table)} {kind} kept", "rows": len(left)}
        random = np.random.default_rng(context.seed_for("split"))
        try:
            found = rows.parts(len(left), self.splitting, random=random)
        except ValueError as error:
            raise UserError(f"{error} (--part-size, --part-count)") from error
        for number, part in enumerate(found, 1):
            star.write_table(context.folder / f"{kind}_split{number}.star", left.select(part))
        return {"note": f"{len(left)} {kind} in {len(found)} parts", "rows": len(left), "parts": [len(part) for part in found]}


def _scores(found: "Classification") -> "NDArray[np.float64]":
    import numpy as np

    from vitreous.files import classification
    from vitreous.files.stacks import ImageStacks
    from vitreous.methods.selection.score import measure_classes

    for name, label in (("estimated_resolution_A", "rlnEstimatedResolution"), ("class_distribution", "rlnClassDistribution")):
        if name not in found.classes:
            raise UserError(f"{found.model} has no column {label} in data_model_classes, so its classes cannot be scored")
    if not classification.are_images(found.classes):
        raise UserError(f"{found.model} holds maps, and only 2D class averages can be scored: choose with --classes")
    stacks = ImageStacks(list(found.classes["reference_image"]))
    pixel = float(found.particles.optics_column("pixel_size_A")[0])
    diameter = found.diameter_A if found.diameter_A > 0 else 0.8 * stacks.box * pixel
    measures = measure_classes(
        stacks.read(np.arange(len(stacks))),
        pixel,
        resolution_A=found.classes["estimated_resolution_A"].astype(np.float64),
        distribution=found.classes["class_distribution"].astype(np.float64),
        diameter_A=diameter,
    )
    return measures.score


def _regrouped(found: "Classification", particles: "Table", count: int) -> "Table":
    """The particles with a group name for each of about `count` groups; the numbers of the groups they came from go."""
    import numpy as np

    from vitreous.files import classification
    from vitreous.methods.selection.rows import regrouped

    of = next((name for name in ("group_number", "group_name", "micrograph") if name in particles), None)
    if of is None:
        raise UserError(f"the particles of {found.model} have neither groups nor micrographs, so that they cannot be regrouped")
    groups = particles[of].astype(np.int64) if of == "group_number" else np.unique(particles[of], return_inverse=True)[1]
    scales = classification.scales(found) if of == "group_number" else {}
    new = regrouped(groups, particles.get("optics_group", 1).astype(np.int64), scales, count=count)
    digits = len(str(int(new.max())))
    named = particles.with_(group_name=np.array([f"group_{number:0{digits}d}" for number in new], object))
    return named.without("group_number") if "group_number" in named else named


def _numbers(table: "Table", column: str, path: str) -> "NDArray[np.float64]":
    """A column of numbers, by our name or its STAR label, also one of the optics table."""
    import numpy as np

    from vitreous.tables.columns import name_of

    name = name_of(column)
    if name not in table and (table.optics is None or name not in table.optics):
        raise UserError(f"{path} has no column {column}; it has {', '.join(table)}")
    try:
        return table.optics_column(name).astype(np.float64)
    except ValueError:
        raise UserError(f"the column {column} of {path} does not hold numbers: choose another with --column") from None


def _names(table: "Table", column: str, path: str) -> list[str]:
    """The images that a column names."""
    from vitreous.tables.columns import name_of

    name = name_of(column)
    if name not in table:
        raise UserError(f"{path} has no column {column} that names images; it has {', '.join(table)}")
    return [str(value) for value in table[name]]


def _singles(table: "Table", choice: RowChoice, path: str) -> "NDArray[np.intp]":
    """The rows that are left when particles at the same place are one."""
    import numpy as np

    from vitreous.methods.selection.rows import without_duplicates

    for name, label in (("x_px", "rlnCoordinateX"), ("y_px", "rlnCoordinateY"), ("micrograph", "rlnMicrographName")):
        if name not in table:
            raise UserError(f"{path} has no column {label}, so duplicates cannot be found")
    pixel: Any = choice.coordinate_pixel_size_A
    if pixel <= 0:
        known = [n for n in ("micrograph_pixel_size_A", "original_pixel_size_A") if table.optics and n in table.optics]
        if not known:
            raise UserError(f"{path} does not say the micrographs' pixel size: give it with --coordinate-pixel-size-a")
        pixel = table.optics_column(known[0])
    x = table["x_px"] * pixel - table.get("origin_x_A", 0.0)
    y = table["y_px"] * pixel - table.get("origin_y_A", 0.0)
    groups = list(table.split_by("micrograph").values())
    return without_duplicates(groups, x.astype(np.float64), y.astype(np.float64), distance_A=choice.duplicate_distance_A)
