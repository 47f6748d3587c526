"""A SLURM of this machine alone: its own key, ports, folder and two made-up nodes, for tests.

Needs Debian's slurm-wlm and munge, and no rights: every daemon belongs to who runs the tests, and
ends with them. Without control groups a job's memory is what its processes are seen to use, once a
second, and a job that uses more than it asked for is ended.
"""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from getpass import getuser
from pathlib import Path

NODES = ("n1", "n2")
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
PATIENCE = 20.0
"""Seconds that a daemon or a node gets."""

SETTINGS = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,UsePss
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
MinJobAge=3600
KillWait=1
GresTypes=gpu
NodeName=DEFAULT CPUs=4 RealMemory=100000 Gres=gpu:1
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[1]}
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[2]}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


class NoSlurmError(RuntimeError):
    """Why there is no SLURM here."""


class Slurm:
    """A running cluster.

    Attributes
    ----------
    environment : dict
        In which its commands find it.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def ask(self, *command: str) -> str:
        """Return what a command of SLURM says."""
        done = subprocess.run(
            command, env=self.environment, text=True, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def jobs(self, of: str = "") -> dict[str, str]:
        """Return the states of the jobs whose comment contains a word, in the order they came."""
        return {job["JobId"]: job["JobState"] for job in self.asked(of)}

    def asked(self, of: str = "") -> list[dict[str, str]]:
        """Return all that is known of the jobs whose comment contains a word."""
        found = []
        for line in self.ask("scontrol", "--oneliner", "show", "jobs").splitlines():
            job = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if "JobId" in job and of in job["Comment"]:
                found.append(job)
        return sorted(found, key=lambda job: int(job["JobId"]))

    def nodes(self) -> set[str]:
        """Return the states of the nodes."""
        return set(self.ask("sinfo", "--noheader", "--Node", "--format=%T").split())

    def set_nodes(self, state: str, nodes: str = ",".join(NODES)) -> None:
        """Drain nodes, lose them or resume them."""
        self.ask("scontrol", "update", f"nodename={nodes}", f"state={state}", "reason=test")

    def end_all(self) -> None:
        """End all jobs and wait until none is left."""
        self.ask("scancel", "--user", getuser())
        until(lambda: not self.ask("squeue", "--noheader").strip(), "jobs do not end")


def until(holds, otherwise: str, patience: float = PATIENCE) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + patience
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError(otherwise)
        time.sleep(0.1)


@contextmanager
def one_machine() -> Iterator[Slurm]:
    """Start a cluster, and end whatever was started of it.

    Raises
    ------
    NoSlurmError
        With the reason.
    """
    missing = [name for name in NEEDED if shutil.which(name, path=PLACES) is None]
    if missing:
        raise NoSlurmError(f"no {', '.join(missing)}: apt-get install slurm-wlm munge")
    with ExitStack() as stack:
        # a short path, for a socket's may have about a hundred letters
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-")))
        folder.chmod(0o755)
        environment = _write(folder)
        commands = {
            "munged": [
                *("munged", "--foreground", f"--socket={folder}/munge.socket"),
                *(f"--key-file={folder}/munge.key", f"--pid-file={folder}/munged.pid"),
                *(f"--seed-file={folder}/munged.seed", f"--log-file={folder}/munged.own"),
            ],
            "slurmctld": ["slurmctld", "-D"],
            **{node: ["slurmd", "-D", "-N", node] for node in NODES},
        }
        daemons = [
            stack.enter_context(_daemon(command, folder / f"{name}.log", environment))
            for name, command in commands.items()
        ]
        slurm = Slurm(environment)
        try:
            until(lambda: _is_up(slurm, daemons, folder), "its nodes did not come up")
        except TimeoutError as late:
            raise NoSlurmError(str(late)) from late
        stack.callback(slurm.end_all)
        yield slurm


def _is_up(slurm: Slurm, daemons: list[subprocess.Popen], folder: Path) -> bool:
    if any(daemon.poll() is not None for daemon in daemons):
        said = [line for log in folder.glob("*.log") for line in log.read_text().splitlines()]
        errors = [line for line in said if "error" in line or "fatal" in line] or said
        raise NoSlurmError("; ".join(errors[-2:]) or "a daemon ended at once")
    try:
        return slurm.nodes() == {"idle"}
    except RuntimeError:
        return False


def _write(folder: Path) -> dict[str, str]:
    """Write keys, settings and a way to srun; return the environment of its commands."""
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    for name in ("state", *NODES):
        (folder / name).mkdir()
    settings = folder / "slurm.conf"
    host = socket.gethostname().partition(".")[0]
    text = SETTINGS.format(folder=folder, host=host, user=getuser(), ports=_free_ports(3))
    settings.write_text(text, encoding="utf-8")
    (folder / "gres.conf").write_text("NodeName=n[1-2] Name=gpu File=/dev/null\n")
    # Snakemake's job step hides SLURM_CONF from srun, which asks for no cluster but the machine's.
    srun = folder / "bin" / "srun"
    srun.parent.mkdir()
    real = shutil.which("srun", path=PLACES)
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={settings} exec {real} "$@"\n', encoding="utf-8")
    srun.chmod(0o755)
    return {
        **os.environ,
        "PATH": os.pathsep.join((str(srun.parent), PLACES)),
        "SLURM_CONF": str(settings),
    }


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def _daemon(
    command: list[str], log: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen]:
    """Run a daemon that ends with the block, and with this process however it ends."""
    with log.open("w") as said:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command], env=environment, cwd=log.parent,
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
