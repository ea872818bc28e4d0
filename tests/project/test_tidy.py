import shutil
import subprocess

import pytest

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project import tidy
from vitreous.project.cleaning_rules import CLEANING, rule_of
from vitreous.project.commands import main
from vitreous.project.commands.wording import bytes_text
from vitreous.project.graph_model import Graph, Node, Process
from vitreous.project.project import Project
from vitreous.project.relion_types import PROCESS_NUMBERS
from vitreous.project.trash import place_of

ITERATIONS = [f"run_it{number:03d}_{end}" for number in range(4) for end in ("data.star", "model.star", "optimiser.star")]
IN_MOVIES = (
    "a.mrc",
    "a.star",
    "a.com",
    "a.err",
    "a.out",
    "a.log",
    "a_PS.mrc",
    "a.spi",
    "a_extract.star",
    "a.mrcs",
    "a_shiny.mrcs",
)
IN_MOVIES += ("a_shiny.star", "a_FCC_cc.mrc", "a_FCC_w0.mrc", "a_wAcc_optics-group1.mrc", "a_aberr-Axy_optics-group_1.mrc")
IN_MOVIES += ("a_aberr-bx_optics-group_1.mrc", "a_mag_optics-group_1.mrc", "a_xyAcc_optics-group1.mrc", "a_fit.star", "a_fit.eps")
ON_TOP = (
    "micrographs.star",
    "logfile.pdf",
    "gctf1.out",
    "gctf1.err",
    "other.out",
    "subtracted.star",
    "subtracted.mrcs",
    "run.out",
)
ON_TOP += ("analyse_component001_bin001.mrc", "analyse_eigenvectors.dat", "run_class001.mrc")
FOLDERS = {
    "relion.import": "Import",
    "relion.motioncorr": "MotionCorr",
    "relion.ctffind": "CtfFind",
    "relion.manualpick": "ManualPick",
    "relion.autopick": "AutoPick",
    "relion.extract": "Extract",
    "relion.select": "Select",
    "relion.class2d": "Class2D",
    "relion.class3d": "Class3D",
    "relion.refine3d": "Refine3D",
    "relion.maskcreate": "MaskCreate",
    "relion.joinstar": "JoinStar",
    "relion.subtract": "Subtract",
    "relion.postprocess": "PostProcess",
    "relion.localres": "LocalRes",
    "relion.initialmodel": "InitialModel",
    "relion.multibody": "MultiBody",
    "relion.polish": "Polish",
    "relion.ctfrefine": "CtfRefine",
    "relion.external": "External",
}
NOTHING = {"import", "manualpick", "select", "maskcreate", "joinstar", "postprocess", "localres", "external"}


def made(root, status="Succeeded", iterations=ITERATIONS):
    """A project with a job of each type, each with the same files; the last iteration's data are in the graph."""
    graph = Graph(counter=len(FOLDERS) + 1)
    for number, (label, folder) in enumerate(FOLDERS.items(), 1):
        name = f"{folder}/job{number:03d}/"
        graph.processes[name] = Process(name, label, status)
        graph.add_node(Node(f"{name}run_it003_data.star", "ParticleGroupMetadata.star.relion"))
        graph.add_output(name, f"{name}run_it003_data.star")
        for path in [*ON_TOP, *iterations, *(f"Movies/{path}" for path in IN_MOVIES), ".vitreous/rows/w.jsonl"]:
            (root / name / path).parent.mkdir(parents=True, exist_ok=True)
            (root / name / path).write_text("data_\n")
        (root / name / "RELION_JOB_EXIT_SUCCESS").touch()
    graphs.write(root / "default_pipeline.star", graph)
    (root / ".gui_projectdir").touch()
    return Project.open(root)


def files(root):
    hidden = (".vitreous", ".relion", ".pipeline", ".Nodes", "default_pipeline")
    found = (str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    return {path for path in found if not any(part.startswith(hidden) for part in path.split("/"))}


def taken(project, label, *, harsh):
    """What a clean takes from the job of a type, without the job's folder in front."""
    name = next(name for name, process in project.graph().processes.items() if process.label == label)
    (one,), _ = project.cleaning([name], harsh=harsh)
    before = files(project.layout.root)
    project.clean([one])
    gone = before - files(project.layout.root)
    assert {f"Trash/{path}" for path in gone} <= files(project.layout.root)
    assert (project.layout.job(name) / ".vitreous" / "rows" / "w.jsonl").is_file()
    return {path.removeprefix(name) for path in gone}


EARLIER = {path for path in ITERATIONS if "it003" not in path}
MOVIES = {f"Movies/{path}" for path in IN_MOVIES}


def of_movies(*ends):
    return {path for path in MOVIES if path.endswith(ends)}


FITS = of_movies("_wAcc_optics-group1.mrc", "_aberr-Axy_optics-group_1.mrc", "_aberr-bx_optics-group_1.mrc")
FITS |= of_movies("_mag_optics-group_1.mrc", "_xyAcc_optics-group1.mrc", "_fit.star", "_fit.eps")
TABLE = [
    ("motioncorr", of_movies(".com", ".err", ".out", ".log"), MOVIES),
    ("ctffind", {"gctf1.out", "gctf1.err", *MOVIES}, {"gctf1.out", "gctf1.err", *MOVIES}),
    ("autopick", of_movies(".spi"), of_movies(".spi")),
    ("extract", of_movies("_extract.star"), MOVIES),
    *((word, EARLIER, EARLIER) for word in ("class2d", "class3d", "refine3d", "initialmodel")),
    ("multibody", EARLIER, {*EARLIER, "analyse_component001_bin001.mrc"}),
    ("ctfrefine", FITS, FITS),
    ("polish", of_movies("FCC_cc.mrc", "FCC_w0.mrc"), of_movies("FCC_cc.mrc", "FCC_w0.mrc", "_shiny.mrcs", "_shiny.star")),
    ("subtract", set(), {"subtracted.star", "subtracted.mrcs"}),
    *((word, set(), set()) for word in sorted(NOTHING)),
]


@pytest.mark.parametrize(("word", "gentle", "harsh"), TABLE)
def test_the_table(tmp_path, word, gentle, harsh):
    project = made(tmp_path)
    assert taken(project, f"relion.{word}", harsh=False) == gentle
    assert taken(project, f"relion.{word}", harsh=True) == harsh - gentle


def test_every_type_is_in_the_table_of_the_test():
    assert {f"relion.{word}" for word, *_ in TABLE} == set(FOLDERS)
    assert set(CLEANING) <= set(FOLDERS) <= set(PROCESS_NUMBERS)
    assert rule_of("relion.class2d.em", harsh=False).iterations, "varieties of a type follow its rule"
    assert rule_of("relion.external.vitreous.x", harsh=True).takes_nothing


@pytest.mark.relion
@pytest.mark.parametrize("how", ["gentle", "harsh"])
def test_relion_takes_the_same(relion, tmp_path, how):
    (tmp_path / "ours").mkdir()
    project = made(tmp_path / "ours")
    shutil.copytree(tmp_path / "ours", tmp_path / "theirs")
    plans, _ = project.cleaning(harsh=how == "harsh")
    project.clean(plans)
    for number in range(1, len(FOLDERS) + 1):
        words = ["relion_pipeliner", f"--{how}_clean", str(number)]
        subprocess.run(words, cwd=tmp_path / "theirs", check=True, capture_output=True, timeout=60)
    ours, theirs = ({path for path in files(tmp_path / who) if not path.startswith("Trash/")} for who in ("ours", "theirs"))
    assert ours == theirs, "what stays; in the Trash RELION puts whole folders into a second one of their name"


def test_what_a_star_file_names_is_kept_by_gentle(tmp_path):
    project = made(tmp_path)
    name = "CtfFind/job003/"
    (tmp_path / name / "micrographs.star").write_text(
        f"data_\n\nloop_\n_rlnMicrographName #1\n_rlnCtfImage #2\nMotionCorr/x.mrc {name}Movies/a.mrc:mrc\n"
        f'"an other.mrc" "{name}Movies/a b.mrc"\n'
    )
    (tmp_path / name / "Movies" / "a b.mrc").touch()
    (one,), _ = project.cleaning([name])
    assert one.spared == 2
    project.clean([one])
    assert {path.name for path in (tmp_path / name / "Movies").iterdir()} == {"a.mrc", "a b.mrc"}
    (one,), _ = project.cleaning([name], harsh=True)
    assert {path for path, _ in one.going} == {"Movies"}, "harsh takes them too, as a whole folder"


def test_coordinates_behind_a_suffix_file_are_kept_by_gentle(tmp_path):
    project = made(tmp_path)
    with graphs.locked(project.layout) as graph:
        graph.add_node(Node("Extract/job006/coords_suffix_extract.star", "MicrographCoordsGroup.star.relion"))
        graph.add_output("Extract/job006/", "Extract/job006/coords_suffix_extract.star")
    (one,), _ = project.cleaning(["6"])
    assert (one.going, one.spared) == ((), 1)


def test_an_iteration_in_the_graph_stays_and_continuations_count(tmp_path):
    names = ["run_it001_data.star", "run_it002_data.star", "run_it002_half1_class001.mrc", "run_ct2_it003_data.star"]
    names += ["run_ct2_it003_exact.npz", "run_ct2_it004_data.star", "run_ct2_it005_model.star", "run_it001_exact.npz"]
    project = made(tmp_path, iterations=names)
    with graphs.locked(project.layout) as graph:
        graph.add_node(Node("Refine3D/job010/run_it002_half1_class001.mrc", "DensityMap.mrc.relion.halfmap"))
    assert taken(project, "relion.refine3d", harsh=False) == {
        "run_it001_data.star",
        "run_it001_exact.npz",
        "run_ct2_it003_data.star",
        "run_ct2_it003_exact.npz",
    }, "iteration 2 is in the graph, 4 is the last whole one, 5 was not finished"


def test_only_what_succeeded_is_cleaned(tmp_path):
    project = made(tmp_path, status="Failed")
    with pytest.raises(UserError, match="only jobs that succeeded are cleaned"):
        project.cleaning(["2"])
    assert project.cleaning() == ([], [])


def test_a_file_protects_from_harsh_cleaning_always(tmp_path):
    project = made(tmp_path)
    (tmp_path / "Extract/job006/NO_HARSH_CLEAN").touch()
    with pytest.raises(UserError, match="protected from harsh cleaning"):
        project.cleaning(["6"], harsh=True)
    plans, protected = project.cleaning(harsh=True)
    assert protected == ["Extract/job006/"] and "Extract/job006/" not in {one.name for one in plans}
    assert project.cleaning(["6"])[0][0].going, "gently it may be cleaned"


def test_sub_folders_go_at_once_and_meet_what_is_in_the_trash(tmp_path):
    project = made(tmp_path)
    plans, _ = project.cleaning(["2"])
    project.clean(plans)
    (one,), _ = project.cleaning(["2"], harsh=True)
    assert one.going == (("Movies", sum((tmp_path / "MotionCorr/job002" / path).stat().st_size for path in MOVIES - FOUR)),)
    project.clean([one])
    there = place_of(project.layout, "MotionCorr/job002/") / "Movies"
    assert {path.name for path in there.iterdir()} == set(IN_MOVIES)
    assert not (tmp_path / "MotionCorr/job002/Movies").exists()
    assert project.cleaning(["2"], harsh=True)[0][0].going == ()


FOUR = of_movies(".com", ".err", ".out", ".log")


def test_links_are_not_followed(tmp_path):
    project = made(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious.mrc").touch()
    (tmp_path / "Extract/job006/Movies/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "Extract/job006/Movies/round").symlink_to(tmp_path / "Extract/job006/Movies")
    project.clean(project.cleaning(["6"], harsh=True)[0])
    assert (tmp_path / "elsewhere" / "precious.mrc").exists()
    linked = tmp_path / "Trash/Extract/job006/Movies/linked"
    assert linked.is_symlink()
    (tmp_path / "Extract/job006/Movies").mkdir()
    (tmp_path / "Extract/job006/Movies/linked").symlink_to("../../../elsewhere")
    project.clean(project.cleaning(["6"], harsh=True)[0])
    assert linked.resolve() == tmp_path / "elsewhere", "a later one replaces it, and leads to the same place as before"


def test_a_cleaned_job_can_go_on(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    project.run(name, quiet=True)
    (project.layout.job(name) / "sub").mkdir()
    with graphs.locked(project.layout) as graph:
        graph.processes[name] = Process(name, "relion.extract", "Succeeded")
    (project.layout.job(name) / "sub" / "stack.mrcs").touch()
    project.clean(project.cleaning([name], harsh=True)[0])
    with graphs.locked(project.layout) as graph:
        graph.processes[name] = Process(name, toys.ToyMap.type.label, "Succeeded")
    assert project.continue_(name, quiet=True).did == 0, "the bookkeeping is still there"


def test_the_verbs(tmp_path, monkeypatch, capsys):
    project = made(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Polish/job018/NO_HARSH_CLEAN").touch()
    before = files(tmp_path)
    assert main(["clean", "--all", "--harsh"]) == 2
    said = capsys.readouterr().out
    assert "Polish/job018/ is protected by NO_HARSH_CLEAN" in said and "together" in said and "--yes" in said
    assert files(tmp_path) == before, "nothing goes without --yes where nobody can be asked"
    assert main(["clean", "--all", "--harsh", "--yes"]) == 0
    assert "should MotionCorr/job002/" in capsys.readouterr().out
    assert main(["clean", "--all", "--harsh"]) == 0
    assert "there is nothing to clean" in capsys.readouterr().out
    with pytest.raises(UserError, match="name the jobs to clean, or say --all"):
        main(["clean"])
    assert tidy.content(project.layout)


def test_an_answer_on_the_terminal(tmp_path, monkeypatch, capsys):
    class Terminal:
        def __init__(self, answer):
            self.readline = lambda: answer

        def isatty(self):
            return True

    made(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    assert main(["clean", "2"]) == 2
    assert "[y/N]" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["clean", "2"]) == 0
    assert not (tmp_path / "MotionCorr/job002/Movies/a.log").exists()


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (3_449_999, "3.4 MB"),
        (99_600, "100 kB"),
        (999_600, "1.0 MB"),
        (5 * 10**17, "500 PB"),
    ],
)
def test_bytes_for_people(count, said):
    assert bytes_text(count) == said
