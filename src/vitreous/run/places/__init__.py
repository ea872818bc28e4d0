"""Where jobs run: processes of this machine, Slurm, any other queue by a template, command lines of a run profile."""
