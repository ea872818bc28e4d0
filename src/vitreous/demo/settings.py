"""What may be chosen in the demonstration, with the only defaults."""

from vitreous.param import param, settings


@settings
class DemoSettings:
    """From simulated movies to a sharpened map and the page that shows it, in one project folder."""

    out: str = param(
        "vitreous-demo", help="Folder of the demonstration's project; the same folder again goes on where it stopped"
    )
    movies: int = param(30, minimum=4, high=200, help="Number of movies to simulate")
    symmetry: str = param("D2", help="Point group of the simulated specimen: Cn, Dn, T or O")
    workers: int = param(2, minimum=1, high=64, help="Processes for movies and micrographs, threads for the rest")
    seed: int = param(1, minimum=0, help="Number that decides the specimen, the noise and all random choices")
