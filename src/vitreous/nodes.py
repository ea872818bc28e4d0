"""Kinds of result: the word a job uses, RELION's node label and 3.1 number, and the view that shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of file that flows between jobs. `label` is RELION 5's, to which a producer appends its own word."""

    word: str
    label: str
    number: int
    view: str


KINDS: dict[str, Kind] = {
    kind.word: kind
    for kind in (
        Kind("movies", "MicrographMovieGroupMetadata.star.relion", 0, "movies"),
        Kind("micrographs", "MicrographGroupMetadata.star.relion", 1, "micrographs"),
        Kind("coordinates", "MicrographCoordsGroup.star.relion", 2, "picks"),
        Kind("particles", "ParticleGroupMetadata.star.relion", 3, "particles"),
        Kind("references2d", "Image2DGroupMetadata.star.relion", 5, "classes"),
        Kind("map", "DensityMap.mrc.relion", 6, "volume"),
        Kind("mask", "Mask3D.mrc.relion", 7, "volume"),
        Kind("model", "ProcessData.star.relion.model", 8, "classes"),
        Kind("optimiser", "OptimiserData.star.relion", 9, "classes"),
        Kind("halfmap", "DensityMap.mrc.relion.halfmap", 10, "volume"),
        Kind("finalmap", "DensityMap.mrc.relion.postprocess", 11, "volume"),
        Kind("localres", "Image3D.mrc.relion.localresmap", 12, "volume"),
        Kind("logfile", "LogFile.pdf.relion", 13, "curves"),
        Kind("postprocess", "ProcessData.star.relion.postprocess", 14, "curves"),
        Kind("polish_parameters", "ParamsData.txt.relion.polish", 15, "text"),
        Kind("file", "UserFile", 13, "text"),
    )
}


def kind(word: str) -> Kind:
    """The kind of a word such as "micrographs" or "micrographs.ctf" (a deeper word is a variety of the first)."""
    try:
        return KINDS[word.split(".")[0]]
    except KeyError:
        raise KeyError(f"no kind of result is called {word!r}; known are {', '.join(sorted(KINDS))}") from None
