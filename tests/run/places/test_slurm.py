"""The text of Slurm scripts, what submit commands answer, and the environment of nested batch jobs."""

import pytest

from vitreous.context import UserError
from vitreous.job.placement import Placement
from vitreous.run.places import request, slurm


def text(place: Placement, command: str = "run me") -> str:
    return slurm.script(request.team(place, "Class2D/job 003/"), command, folder="/p q", out="/p q/run.out", err="/e%/run.err")


def test_a_script_has_the_right_flags():
    lines = text(
        Placement(
            device="cuda",
            nodes=2,
            gpus_per_node=2,
            workers_per_gpu=2,
            threads=3,
            memory_GB=1.5,
            time_limit_h=30.5,
            queue="gpu",
            account="em42",
            queue_options="--constraint=a100 --qos=high",
            setup="module load cuda",
        )
    ).splitlines()
    assert lines[0] == "#!/bin/bash"
    assert lines[1:16] == [
        "#SBATCH --job-name=Class2D_job_003",
        '#SBATCH --output="/p q/run.out"',
        "#SBATCH --error=/e%%/run.err",
        "#SBATCH --open-mode=append",
        "#SBATCH --nodes=2",
        "#SBATCH --ntasks=8",
        "#SBATCH --ntasks-per-node=4",
        "#SBATCH --cpus-per-task=3",
        "#SBATCH --gres=gpu:2",
        "#SBATCH --mem=6144M",
        "#SBATCH --time=1-06:30:00",
        "#SBATCH --partition=gpu",
        "#SBATCH --account=em42",
        "#SBATCH --requeue",
        "#SBATCH --constraint=a100",
    ]
    assert "cd '/p q' || exit 1" in lines
    assert lines.index("module load cuda") < lines.index("exec srun --kill-on-bad-exit=0 run me")
    assert any("SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK" in line for line in lines)


def test_what_is_not_asked_for_is_not_in_the_script():
    said = text(Placement())
    for flag in ("--time", "--partition", "--account", "--gres"):
        assert flag not in said


def test_ranks_on_one_node_are_seventeen_for_sixteen_workers():
    place = Placement(workers=16, threads=2, memory_GB=1)
    asked, laid = request.team(place, "refine"), request.ranks(place, "refine")
    said = slurm.ranks_script(asked, laid, "relion_refine_mpi --j $SLURM_CPUS_PER_TASK", folder=".", out="o", err="e")
    assert "#SBATCH --ntasks=17\n" in said
    assert "#SBATCH --cpus-per-task=2\n" in said
    assert f"#SBATCH --mem={17 * 1024}M\n" in said
    assert "exec srun relion_refine_mpi --j $SLURM_CPUS_PER_TASK\n" in said


def test_ranks_on_three_nodes_by_an_explicit_list_of_hosts():
    place = Placement(device="cuda", nodes=3, gpus_per_node=2, workers_per_gpu=4)
    asked, laid = request.team(place, "refine"), request.ranks(place, "refine")
    said = slurm.ranks_script(asked, laid, "program", folder=".", out="o", err="e")
    assert "#SBATCH --ntasks=25\n#SBATCH --ntasks-per-node=9\n" in said
    assert "#SBATCH --gres=gpu:2\n" in said
    assert "NR == 1 ? 9 : 8" in said
    assert "srun --distribution=arbitrary --ntasks=25 program" in said
    by_mpirun = slurm.ranks_script(asked, laid, "program", folder=".", out="o", err="e", launcher="mpirun")
    assert "mpirun -n 25 -machinefile $hosts program" in by_mpirun


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("Submitted batch job 1234\n", "1234"),
        ("1234;cluster\n", "1234"),
        ("Job <77> is submitted to queue <gpu2>.", "77"),
        ('Your job 5 ("run.sh") has been submitted', "5"),
        ("1234.server.site.edu", "1234.server.site.edu"),
        ("thank you", ""),
    ],
)
def test_the_number_in_the_answer(answer, number):
    assert slurm.job_number(answer) == number


def test_a_nested_job_does_not_inherit_the_sizes_of_its_enclosing_one():
    given = {
        "SLURM_CONF": "c",
        "SLURM_MEM_PER_CPU": "1",
        "SLURM_NTASKS": "8",
        "SRUN_CPUS_PER_TASK": "2",
        "PATH": "p",
        "PMI_RANK": "0",
    }
    assert slurm.clean_environment(given) == {"SLURM_CONF": "c", "PATH": "p"}


def test_a_refusal_is_a_sentence(tmp_path):
    script = tmp_path / "a b.sh"
    script.write_text("echo no such queue >&2; exit 3")
    with pytest.raises(UserError, match=r"sh .*a b\.sh.* was refused: no such queue"):
        slurm.submit(str(script), command="sh")
    script.write_text("echo Submitted batch job 9")
    assert slurm.submit(str(script), command="sh") == "9"


def test_without_an_answer_nothing_is_known():
    assert slurm.states(("false",)) is None
    assert slurm.states(("no-such-program",)) is None


def test_names_without_blanks():
    assert slurm.job_name("CtfFind/job 003/") == "CtfFind_job_003"
    assert slurm.job_name("//") == "vitreous"
