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
    version=2,
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

    @property
    def _chooses_classes(self) -> bool:
        return bool(self.choice.classes) or self.choice.by_score or self.choice.by_particle_score

    def question(self) -> str:
        """Which classes, or which micrographs, where only an input is given."""
        if self.answer or self.rows.by_value or self.rows.by_statistics or self.rows.remove_duplicates or self.splitting.split:
            return ""
        if self.model:
            return "" if self._chooses_classes else "classes"
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
            "--classes": bool(self.choice.classes) and not self.micrographs,
            "--by-value": self.rows.by_value,
            "--by-statistics": self.rows.by_statistics,
            "--remove-duplicates": self.rows.remove_duplicates,
            "--split": self.splitting.split,
        }
        if self.model and not self._chooses_classes:
            raise UserError("say which classes to keep: --classes 1,3,5, or --by-score for those that look good")
        if not self.model and not any(chosen.values()):
            raise UserError(f"say what to do with {given[0]}: {', '.join(chosen)}")
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

        from vitreous.files import classification, star
        from vitreous.files.stacks import ImageStacks
        from vitreous.methods.selection import choose, columns

        found = classification.read(classification.last_iteration(self.model))
        classes, kept = self._kept(found, context)
        particles = found.particles
        if self.choice.by_particle_score:
            particles = particles.with_(particle_fom=_particle_scores(found, context))
        mine = particles.select(np.isin(particles["class_number"], np.flatnonzero(kept) + 1))
        note = f"{kept.sum()} of {len(kept)} classes kept, with {len(mine)} of {len(particles)} particles"
        if self.choice.by_particle_score and len(mine):
            mine = mine.select(mine["particle_fom"] >= self.choice.least_particle_score)
            note += f", of which {len(mine)} score {self.choice.least_particle_score:g} or more"
        if not len(mine):
            best = f"; the best score is {classes['class_score'].max():.2f}" if "class_score" in classes else ""
            lower = " or --least-particle-score" if self.choice.by_particle_score else ""
            raise UserError(f"nothing is left of {self.model}{best}: choose other classes, or lower --least-score{lower}")
        if self.choice.regroup:
            scales = classification.scales(found)
            mine = columns.in_new_groups(mine, scales, count=self.choice.group_count, path=str(found.model))
        star.write_table(context.folder / self.kept_particles.name, mine)
        recentre = self.choice.recentre and classification.are_images(classes)
        stacks = ImageStacks(list(classes.select(kept)["reference_image"])) if recentre else None
        centred = choose.centred(stacks.read(np.arange(len(stacks)))) if stacks else None
        pixel = stacks.pixel_size_A if stacks else 0.0
        classification.write_selection(context.folder, classes, kept, centred=centred, pixel_size_A=pixel)
        return {"note": note, "classes": (np.flatnonzero(kept) + 1).tolist(), "particles": len(mine)}

    def _kept(self, found: "Classification", context: Context) -> "tuple[Table, NDArray[np.bool_]]":
        """The classes, with their scores if these choose, and which of them are kept."""
        import numpy as np

        from vitreous.files import answers, classification
        from vitreous.methods.selection import answered, choose

        numbers = answered.classes(answers.read(self.answer, {"classes"})) if self.answer else self.choice.classes
        if numbers or self.answer:
            try:
                return found.classes, choose.by_number(numbers, len(found.classes))
            except ValueError as error:
                raise UserError(f"{self.model}: {error}") from error
        if not self.choice.by_score:
            return found.classes, _sizes(found) > 0
        scores = _scores(found)
        classification.write_ranked(found, scores, context.folder)
        return found.classes.with_(class_score=scores), choose.by_score(scores, _sizes(found).astype(np.int64), self.choice)

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
        from vitreous.methods.selection import columns, rows

        path, kind = (self.micrographs, "micrographs") if self.micrographs else (self.particles, "particles")
        table = star.read_table(path, kind)
        left = self._as_answered(table, kind) if self.answer else table
        if self.choice.classes and self.particles:
            left = left.select(np.isin(columns.numbers(left, "class_number", path), self.choice.classes))
        if self.rows.by_value:
            values = columns.numbers(left, self.rows.column, path)
            left = left.select(rows.by_value(values, self.rows.lowest, self.rows.highest))
        if self.rows.by_statistics:
            statistics = image_statistics.moments(columns.image_names(left, self.rows.image_column, path))
            left = left.select(rows.without_outliers(*statistics, sigma=self.rows.sigma))
        if self.rows.remove_duplicates:
            left = left.select(columns.singles(left, self.rows, path))
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
    """The score of each class."""
    import numpy as np

    from vitreous.files import classification
    from vitreous.files.stacks import ImageStacks
    from vitreous.methods.selection.score import measure_classes

    if "estimated_resolution_A" not in found.classes:
        raise UserError(f"{found.model} has no column rlnEstimatedResolution in data_model_classes, so classes cannot be scored")
    if not classification.are_images(found.classes):
        raise UserError(f"{found.model} holds maps, and only 2D class averages can be scored: choose with --classes")
    stacks = ImageStacks(list(found.classes["reference_image"]))
    measures = measure_classes(
        stacks.read(np.arange(len(stacks))),
        float(found.particles.optics_column("pixel_size_A")[0]),
        resolution_A=found.classes["estimated_resolution_A"].astype(np.float64),
        sizes=_sizes(found),
        diameter_A=_diameter_A(found, stacks.box),
        ssnr=classification.spectra(found),
    )
    return measures.score


def _particle_scores(found: "Classification", context: Context) -> "NDArray[np.float64]":
    """The score of each particle, of all classes."""
    from vitreous.files import classification
    from vitreous.files.stacks import ImageStacks
    from vitreous.methods.selection.evidence import Placed, evidence

    if not classification.are_images(found.classes):
        raise UserError(
            f"{found.model} holds maps, and only particles of 2D classes can be scored: leave --by-particle-score out"
        )
    images = ImageStacks(found.particles["image"].tolist(), reading=context.reading)
    images.check()
    diameter = _diameter_A(found, images.box)
    return evidence(images, Placed.of(found.particles, diameter_A=diameter), context).score


def _sizes(found: "Classification") -> "NDArray[np.float64]":
    """How many particles each class holds."""
    import numpy as np

    numbers = found.particles["class_number"].astype(np.intp)
    return np.bincount(numbers, minlength=len(found.classes) + 1)[1 : len(found.classes) + 1].astype(np.float64)


def _diameter_A(found: "Classification", box: int) -> float:
    """That of the particle mask; where no file tells, four fifths of the box."""
    return found.diameter_A if found.diameter_A > 0 else 0.8 * box * float(found.particles.optics_column("pixel_size_A")[0])
