"""Which member of a team this process is, by what srun, mpirun or torchrun say in its environment."""

import os
from dataclasses import dataclass

from vitreous.run.places.environment import rank_here

STARTS = ("SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT", "PMIX_NAMESPACE", "TORCHELASTIC_RUN_ID", "MASTER_PORT")


@dataclass(frozen=True)
class Member:
    """One of `size` processes that run the same job; `local` counts those on its machine, `token` names this start of them."""

    rank: int = 0
    size: int = 1
    local: int = 0
    token: str = ""

    @property
    def helps(self) -> bool:
        """Whether another process leads the job: this one only lends a hand, and writes nothing."""
        return self.rank > 0


def member_here() -> Member:
    """This process as srun, mpirun or torchrun started it with others; alone in any other case."""
    given = os.environ
    token = " ".join(given.get(name, "") for name in STARTS).strip()
    if int(given.get("WORLD_SIZE", "1")) > 1 and "RANK" in given:
        again = given.get("TORCHELASTIC_RESTART_COUNT", "0")
        return Member(int(given["RANK"]), int(given["WORLD_SIZE"]), int(given.get("LOCAL_RANK", "0")), f"{token} {again}")
    found = rank_here()
    return Member(found.number, found.size, found.local, token) if found.size > 1 else Member()
