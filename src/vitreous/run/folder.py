"""Every path inside a job folder, pure: RELION's names where it looks for them, ours in the hidden .vitreous/."""

from dataclasses import dataclass
from pathlib import Path

SUCCESS = "RELION_JOB_EXIT_SUCCESS"
FAILURE = "RELION_JOB_EXIT_FAILURE"
ABORTED = "RELION_JOB_EXIT_ABORTED"
ABORT_NOW = "RELION_JOB_ABORT_NOW"
OUTPUT_NODES = "RELION_OUTPUT_NODES.star"


@dataclass(frozen=True)
class JobFolder:
    """The names in one job folder."""

    path: Path

    @property
    def job_star(self) -> Path:
        return self.path / "job.star"

    @property
    def note(self) -> Path:
        return self.path / "note.txt"

    @property
    def out(self) -> Path:
        return self.path / "run.out"

    @property
    def err(self) -> Path:
        return self.path / "run.err"

    @property
    def output_nodes(self) -> Path:
        return self.path / OUTPUT_NODES

    @property
    def success(self) -> Path:
        return self.path / SUCCESS

    @property
    def failure(self) -> Path:
        return self.path / FAILURE

    @property
    def aborted(self) -> Path:
        return self.path / ABORTED

    @property
    def abort_now(self) -> Path:
        return self.path / ABORT_NOW

    @property
    def verdicts(self) -> tuple[Path, ...]:
        """The exit markers, in RELION's order: where there are several, the first counts."""
        return self.success, self.failure, self.aborted

    @property
    def control(self) -> tuple[Path, ...]:
        """The files that say how a run ended or should end; removed before each run."""
        return *self.verdicts, self.abort_now

    @property
    def hidden(self) -> Path:
        return self.path / ".vitreous"

    @property
    def rows(self) -> Path:
        """A file of records for each worker, append only."""
        return self.hidden / "rows"

    @property
    def progress(self) -> Path:
        return self.hidden / "progress.jsonl"

    @property
    def failed(self) -> Path:
        """The units that were set aside in the last run, with the reason."""
        return self.hidden / "failed.star"

    @property
    def settings(self) -> Path:
        """The options of the last run as JSON, by which a loop sees what changed."""
        return self.hidden / "settings.json"

    @property
    def versions(self) -> Path:
        return self.hidden / "versions.json"

    @property
    def lock(self) -> Path:
        """Locked while a run is alive; the system frees it however the run ends."""
        return self.hidden / "lock"

    @property
    def place(self) -> Path:
        """Where the job was handed to."""
        return self.hidden / "place.json"

    @property
    def lost(self) -> Path:
        """There when the command that was to bring the job to its place has failed."""
        return self.hidden / "lost"

    @property
    def submit_script(self) -> Path:
        """The script that took the job into the queue."""
        return self.path / "run_submit.script"

    @property
    def crew(self) -> Path:
        """How workers of other machines find who leads them, and what they say; only the user may look into it."""
        return self.hidden / "crew"

    @property
    def stop(self) -> Path:
        """Tells worker processes that the run was asked to stop."""
        return self.hidden / "stop"

    @property
    def close(self) -> Path:
        """Tells a job that waits for more input to end with what it has."""
        return self.hidden / "close"

    @property
    def seen(self) -> Path:
        """Size and time of each input when the last run that succeeded read it last."""
        return self.hidden / "seen.json"
