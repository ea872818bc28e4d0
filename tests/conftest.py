"""What tests share: where the real data lie, RELION's programs, toy jobs, a Slurm of four nodes."""

import contextlib
import importlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

from vitreous.job import registry

HERE = Path(__file__).resolve().parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """The tests of a file stay on one worker, so that what they share (a whole demonstration, say) is made once."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log) if config.getvalue("dist") == "load" else None


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data and files written by the peers."""
    for candidate in (os.environ.get("VITREOUS_TEST_DATA"), HERE.parent.parent / "shared" / "data"):
        if candidate and Path(candidate).is_dir():
            return Path(candidate)
    pytest.skip("the real test data are not here; set VITREOUS_TEST_DATA to their folder")


@pytest.fixture(scope="session")
def relion() -> str:
    """Where RELION's programs are."""
    found = shutil.which("relion_refine")
    if not found:
        pytest.skip("RELION 3.1 is not installed (apt-get install relion)")
    return str(Path(found).parent)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of toy jobs, importable also in worker processes, its jobs known to the registry."""
    folder = str(HERE / "toys")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH", "")))))
    registry._loaded.cache_clear()
    yield importlib.import_module("toy_jobs")
    registry._loaded.cache_clear()


class Cluster:
    """A whole Slurm on this machine, over loopback: four nodes of 16 cores and four GPUs each, which are terminals."""

    NODES, CPUS, GPUS = 4, 16, 4

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf = folder / "slurm.conf"
        self._munge: subprocess.Popen[bytes] | None = None
        ports = _free_ports(self.NODES + 1)
        for name in ("state", *(f"spool/node{number}" for number in range(1, self.NODES + 1))):
            (folder / name).mkdir(parents=True)
        self.conf.write_text(
            "ClusterName=test\nSlurmctldHost=localhost(127.0.0.1)\nCommunicationParameters=NoCtldInAddrAny,NoInAddrAny\n"
            "SlurmUser=root\nSlurmdUser=root\nAuthType=auth/munge\nCredType=cred/munge\n"
            f"StateSaveLocation={folder}/state\nSlurmdSpoolDir={folder}/spool/%n\n"
            f"SlurmctldPidFile={folder}/slurmctld.pid\nSlurmdPidFile={folder}/slurmd.%n.pid\n"
            f"SlurmctldLogFile={folder}/slurmctld.log\nSlurmdLogFile={folder}/slurmd.%n.log\nSlurmctldPort={ports[0]}\n"
            "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nMpiDefault=none\nMailProg=/bin/true\n"
            "SelectType=select/cons_tres\nSelectTypeParameters=CR_Core_Memory\nDefMemPerCPU=1000\nKillWait=3\nReturnToService=2\n"
            "SchedulerParameters=batch_sched_delay=0,sched_min_interval=1000,sched_interval=1\nSlurmdTimeout=5\n"
            "SlurmdParameters=config_overrides\nGresTypes=gpu\n"
            f"NodeName=node[1-{self.NODES}] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[{ports[1]}-{ports[-1]}] "
            f"CPUs={self.CPUS} RealMemory=64000 Gres=gpu:{self.GPUS}\n"
            "PartitionName=cpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        )
        gres = f"NodeName=node[1-{self.NODES}] Name=gpu Count={self.GPUS} File=/dev/tty[1-{self.GPUS}]\n"
        (folder / "gres.conf").write_text(gres)

    def begin(self) -> None:
        """Start everything and wait until all nodes are idle."""
        if not _munge_answers():
            Path("/run/munge").mkdir(mode=0o755, exist_ok=True)
            shutil.chown("/run/munge", "munge", "munge")
            self._munge = subprocess.Popen(["runuser", "-u", "munge", "--", "/usr/sbin/munged", "--foreground"])
            until = time.monotonic() + 30
            while not _munge_answers():
                assert time.monotonic() < until, "munged does not answer"
                time.sleep(0.1)
        self.told("slurmctld", "-c")
        for number in range(1, self.NODES + 1):
            self.begin_node(f"node{number}")
        until = time.monotonic() + 30
        while self.told("sinfo", "-h", "-t", "idle", "-o", "%D").strip() != str(self.NODES):
            assert time.monotonic() < until, self.told("sinfo")
            time.sleep(0.1)

    def begin_node(self, name: str) -> None:
        """Start the daemon of a node."""
        self.told("slurmd", "-N", name)

    def told(self, *command: str) -> str:
        """What a Slurm command prints."""
        whole = {**os.environ, "SLURM_CONF": str(self.conf), "PATH": f"{os.environ['PATH']}:/usr/sbin"}
        return subprocess.run(command, env=whole, capture_output=True, text=True, check=True, timeout=60).stdout

    def processes_of(self, node: str) -> list[psutil.Process]:
        """The daemon of a node, what it has started for jobs, and what those jobs run."""
        found = []
        for process in psutil.process_iter():
            try:
                there = process.environ().get("SLURMD_NODENAME") == node and self._is_mine(process)
                step = process.name() == "slurmstepd" and self._step_of(process, node)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if there or step:
                found.append(process)
        daemon = int((self.folder / f"slurmd.{node}.pid").read_text())
        return [psutil.Process(daemon), *found]

    def _is_mine(self, process: psutil.Process) -> bool:
        return process.environ().get("SLURM_CONF") == str(self.conf)

    def _step_of(self, process: psutil.Process, node: str) -> bool:
        return any(child.environ().get("SLURMD_NODENAME") == node and self._is_mine(child) for child in process.children())

    def kill_node(self, node: str) -> None:
        """Let a node die: its daemon and all that runs on it, at once."""
        for process in self.processes_of(node):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def notice(self, node: str) -> None:
        """Let Slurm notice at once that a node is dead, which else takes half a minute."""
        self.told("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=died")

    def end(self) -> None:
        """Take all jobs away and stop everything; munged is left to another session's cluster that needs it."""
        with contextlib.suppress(subprocess.SubprocessError):
            self.told("scancel", "--user=root")
        mine = []
        for pid_file in (*self.folder.glob("slurmd.*.pid"), self.folder / "slurmctld.pid"):
            with contextlib.suppress(OSError, ValueError):
                mine.append(int(pid_file.read_text()))
                os.kill(mine[-1], signal.SIGTERM)
        others = [p for p in psutil.process_iter(["name", "pid"]) if p.info["name"] == "slurmctld" and p.pid not in mine]
        if self._munge is not None and not others:
            self._munge.terminate()
            self._munge.wait(timeout=20)


def _munge_answers() -> bool:
    return subprocess.run(["munge", "-n"], capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0


def _free_ports(count: int) -> list[int]:
    """So many ports in a row that nobody listens on."""
    for first in range(20000 + os.getpid() % 9000, 60000, count):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return list(range(first, first + count))
    raise AssertionError("no ports are free")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Slurm of four nodes for the tests of this session."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [name for name in ("slurmctld", "slurmd", "munged", "srun") if not shutil.which(name, path=path)]
    if missing:
        pytest.skip(f"Slurm is not installed ({', '.join(missing)}): apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        pytest.skip("a Slurm for tests needs root, to start its daemons")
    if not Path(f"/dev/tty{Cluster.GPUS}").exists():
        pytest.skip(f"there are no /dev/tty1 to /dev/tty{Cluster.GPUS} here to play the GPUs of the nodes")
    made = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        made.begin()
        yield made
    finally:
        made.end()


@pytest.fixture
def slurm(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The Slurm of this session as the one that sbatch and squeue talk to; its queue is empty again after the test."""
    monkeypatch.setenv("SLURM_CONF", str(cluster.conf))
    yield cluster
    cluster.told("scancel", "--user=root")
    until = time.monotonic() + 30
    while cluster.told("squeue", "-h").strip() and time.monotonic() < until:
        time.sleep(0.2)
